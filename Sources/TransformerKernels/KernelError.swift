/// A layer or engine that cannot run as asked: why, and what to do.
public struct KernelError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// The linear algebra library is absent, unsuitable, or reported a failure.
        case engine
        /// Sizes that no model can have, or that disagree.
        case impossibleShape
        /// Buffers could not be allocated.
        case outOfMemory
        /// A token or target outside the vocabulary, or not as many as the batch has.
        case badToken
        /// A layer that is not in the stack's range.
        case noSuchLayer
        /// The layer's weights are not resident, or its inputs were never computed.
        case notReady
    }

    public var code: Code
    public var message: String
    public var remedy: String?

    public init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// One line.
    public var description: String { message + (remedy.map { "; " + $0 } ?? "") }
}
