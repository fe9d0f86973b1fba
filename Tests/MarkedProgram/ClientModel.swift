import CKerfClient
import Glibc

/// What the test's client serves.
protocol ClientModel {
    /// `{"forward": 0}` and the like, in the order of a step.
    var passes: [String] { get }
    /// The value of the message `hello`.
    var hello: String { get }

    func run(_ place: Int) throws
    /// Before the first message.
    func begin(_ client: UnsafeMutablePointer<kerf_client>)
    func beginStep() throws
    func endStep(_ client: UnsafeMutablePointer<kerf_client>?) throws
}

extension ClientModel {
    func begin(_ client: UnsafeMutablePointer<kerf_client>) {}
    func beginStep() throws {}
    func endStep(_ client: UnsafeMutablePointer<kerf_client>?) throws {}
}

enum CommonPasses {
    /// Those of a step of `blocks` blocks whose embedding is frozen.
    static func trained(blocks: Int) -> [String] {
        (0...(blocks + 1)).map { "{\"forward\": \($0)}" }
            + (1...(blocks + 1)).reversed().map { "{\"backward\": \($0)}" }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
}
