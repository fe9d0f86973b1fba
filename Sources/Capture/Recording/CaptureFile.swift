import Glibc
import SystemPackage

/// Why a file could not be recorded.
enum CaptureReadError: Error {
    /// Missing, or not a regular file.
    case absent
    case tooLong
    case failed(Errno)
}

/// Contents and permissions of one file of a box.
struct CaptureFile {
    var bytes: [UInt8]
    var mode: UInt16

    static func read(_ path: String, limit: Int) throws(CaptureReadError) -> CaptureFile {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw .absent
        }
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            var bytes: [UInt8] = []
            var isTooLong = false
            try file.closeAfter {
                var page = [UInt8](repeating: 0, count: 1 << 16)
                while bytes.count <= limit {
                    let count = try page.withUnsafeMutableBytes { try file.read(into: $0) }
                    if count == 0 { return }
                    bytes += page[..<count]
                }
                isTooLong = true
            }
            if isTooLong { throw CaptureReadError.tooLong }
            return CaptureFile(bytes: bytes, mode: UInt16(information.st_mode & 0o777))
        } catch let error as CaptureReadError {
            throw error
        } catch {
            throw .failed(error as? Errno ?? .ioError)
        }
    }
}
