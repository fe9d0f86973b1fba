import SystemIO
import SystemPackage

/// An attribute of a virtual board: one value in a file of constant length, rewritten by one `pwrite`.
///
/// A reader that holds the file open sees either the old value or the new one, as with sysfs. That is why the file is not
/// replaced by ``AtomicFile``: after a rename such a reader would keep the old file, and after a truncation it would
/// briefly see an empty one. Blanks fill the rest of the width; readers trim them.
final class FixedWidthFile {
    /// Digits of the largest 64-bit counter; with the newline below the 31 bytes that ``HeldFile/counter()`` reads.
    static let width = 20

    let path: FilePath
    private let descriptor: FileDescriptor
    private var line = [UInt8](repeating: UInt8(ascii: " "), count: width) + [UInt8(ascii: "\n")]
    private var written: UInt64?

    /// Creates the file, or uses an existing one. A link is refused, since it could lead out of the tree.
    init(_ path: FilePath, _ value: UInt64) throws(KerfError) {
        self.path = path
        do {
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch let errno as Errno {
            throw KerfError(errno, doing: "make", at: path)
        } catch {
            throw KerfError(.ioError, "cannot make: \(error)", at: path)
        }
        try write(value)
        do {
            try descriptor.resize(to: Int64(line.count))
        } catch {
            throw KerfError(.ioError, "cannot resize: \(error)", at: path)
        }
    }

    deinit { try? descriptor.close() }

    /// Writes the value, unless it is the last one written.
    func write(_ value: UInt64) throws(KerfError) {
        guard value != written else { return }
        var digits = 1
        var rest = value / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        rest = value
        for index in stride(from: Self.width - 1, through: 0, by: -1) {
            if index < digits {
                line[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } else {
                line[index] = UInt8(ascii: " ")
            }
        }
        do {
            let count = try line.withUnsafeBytes { try descriptor.write(toAbsoluteOffset: 0, $0) }
            guard count == line.count else { throw Errno.noSpace }
        } catch let errno as Errno {
            throw KerfError(errno, doing: "write", at: path)
        } catch {
            throw KerfError(.ioError, "cannot write: \(error)", at: path)
        }
        written = value
    }
}
