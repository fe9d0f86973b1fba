import FoundationEssentials
import Glibc
import Statistics

/// One input kind, damaged again and again.
///
/// In the test suite: a fixed number of rounds from a fixed seed, the same on every machine. With `KERF_FUZZ_SECONDS` (see
/// `Scripts/fuzz.sh`): new seeds until the time is over. A crash ends the process, so that with `KERF_FUZZ_OUTPUT` each case is
/// kept in a file before it is tried, and the file of the last one remains.
struct FuzzRun {
    let name: String
    /// Rounds in the test suite.
    let rounds: Int

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// - Parameters:
    ///   - make: the case, from random numbers.
    ///   - attempt: uses it; a throw is the test's failure, so what is expected is caught there.
    /// - Returns: how many cases were tried.
    @discardableResult
    func callAsFunction<Case>(
        make: (inout SeededGenerator) throws -> (case: Case, bytes: [UInt8]), attempt: (Case, UInt64) throws -> Void
    ) throws -> Int {
        let seconds = Self.variable("KERF_FUZZ_SECONDS").flatMap(Double.init)
        let output = Self.variable("KERF_FUZZ_OUTPUT").map { URL(filePath: "\($0)/\(name).case") }
        let end = seconds.map { Date.now.addingTimeInterval($0) }
        let first = end == nil ? 1 : UInt64(Date.now.timeIntervalSince1970) << 20
        var tried = 0
        while end.map({ Date.now < $0 }) ?? (tried < rounds) {
            let seed = first + UInt64(tried)
            var random = SeededGenerator(seed: seed)
            let (input, bytes) = try make(&random)
            if let output { try Data(bytes).write(to: output) }
            try attempt(input, seed)
            tried += 1
        }
        if let output { try? FileManager.default.removeItem(at: output) }
        if end != nil { print("\(name): \(tried) cases from seed \(first)") }
        return tried
    }
}
