import SystemIO
import SystemPackage

/// An attribute of a virtual board: one value in a file whose length never changes, rewritten by one `pwrite`.
///
/// A reader that holds the file open sees either the old value or the new one, as with sysfs. A file that is written
/// anew and renamed would keep such a reader on the old one for ever; one that is truncated shows it nothing for a
/// moment. Blanks fill the rest of the width, and readers trim them.
final class FixedWidthFile {
    /// Digits of the largest 64-bit counter; with the newline well below the 31 bytes a counter is read with.
    static let width = 20

    let path: FilePath
    private let descriptor: FileDescriptor
    private var line = [UInt8](repeating: UInt8(ascii: " "), count: width) + [UInt8(ascii: "\n")]
    private var written: UInt64?

    /// Makes the file, or takes over the one that is there. A link is refused: it could lead out of the tree.
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

    /// Writes a value that is not there already.
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
