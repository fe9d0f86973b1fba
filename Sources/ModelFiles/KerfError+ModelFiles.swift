import SystemIO
import SystemPackage

extension KerfError.Code {
    /// The file ends before its format says.
    package static let truncated = KerfError.Code("truncated", .badData)
    /// A valid file that Kerf does not support: a quantization, an architecture.
    package static let unsupported = KerfError.Code("unsupported", .badData)
    /// A tensor that the model needs is not in the file.
    package static let missingTensor = KerfError.Code("missing_tensor", .badData)
    /// Impossible sizes, or sizes that contradict each other.
    package static let impossibleShape = KerfError.Code("impossible_shape", .badData)
}

extension KerfError {
    /// The error of a failed system call on an input file.
    package init(_ errno: Errno, doing verb: String, at file: String) {
        let (code, remedy): (Code, Remedy?) =
            switch errno {
            case .noSuchFileOrDirectory, .notDirectory, .fileNameTooLong, .tooManySymbolicLinkLevels:
                (.noSuchFile, "check the path")
            case .permissionDenied, .notPermitted: (.permissionDenied, "give this user read permission")
            default: (.ioError, nil)
            }
        self.init(code, at: file, "cannot \(verb): \(errno.description)", cause: errno, remedy: remedy)
    }
}
