import CLibFuzzer

/// libFuzzer's own mutations, which know nothing of a form: bits, bytes, runs, words of the dictionary, pieces of other
/// inputs.
enum Plain {
    static func mutated(_ bytes: some Collection<UInt8>, maximum: Int) -> [UInt8] {
        guard maximum > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: max(maximum, bytes.count)) { buffer, count in
            _ = buffer.initialize(fromContentsOf: bytes)
            buffer[bytes.count...].initialize(repeating: 0)
            count = LLVMFuzzerMutate(buffer.baseAddress, min(bytes.count, maximum), maximum)
        }
    }
}
