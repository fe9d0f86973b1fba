import CLibFuzzer
import TestSupport

extension Mutator {
    /// Around libFuzzer's own mutations, which know no form: bits, bytes, runs, words of the dictionary, pieces of other
    /// inputs.
    static let libFuzzer = Mutator { bytes, maximum, _ in
        // A mutation without a limit may double its input.
        let limit = min(maximum, 2 * bytes.count + 64)
        guard limit > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: max(limit, bytes.count)) { buffer, count in
            _ = buffer.initialize(fromContentsOf: bytes)
            buffer[bytes.count...].initialize(repeating: 0)
            count = LLVMFuzzerMutate(buffer.baseAddress, min(bytes.count, limit), limit)
        }
    }
}
