import Glibc
import SystemIO
import SystemPackage

/// A whole file mapped read-only.
///
/// Every access gives a range, which is checked against the mapped length: no length in a file is trusted. The file's size
/// is checked before each access, so a file that was truncated after it was opened is an error. A file that is truncated
/// during an access ends the process with SIGBUS (mmap(2)); weights must not be rewritten while they are read.
final class MappedFile: Sendable {
    let path: FilePath
    /// The path as text, for error messages.
    let name: String
    let count: Int
    private let descriptor: FileDescriptor
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer

    /// - Parameter minimumBytes: a smaller file is an error.
    init(_ path: FilePath, minimumBytes: Int) throws(KerfError) {
        let (descriptor, size) = try RegularFile.open(path)
        do throws(KerfError) {
            guard size >= max(minimumBytes, 1) else {
                throw KerfError(
                    .truncated, at: path.string,
                    size == 0 ? "is empty" : "has \(size) bytes, fewer than its header needs",
                    remedy: "download the file again")
            }
            let mapping = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor.rawValue, 0)
            guard let mapping, mapping != MAP_FAILED else {
                throw KerfError(Errno(rawValue: errno), doing: "map", at: path.string)
            }
            base = mapping
        } catch {
            try? descriptor.close()
            throw error
        }
        self.path = path
        name = path.string
        self.descriptor = descriptor
        count = size
    }

    deinit {
        munmap(base, count)
        try? descriptor.close()
    }

    /// - Throws: `malformed` for a file that holds a pointer, a web page or another format's data, by its first bytes.
    func checkContent() throws(KerfError) {
        try withBytes(0..<min(count, ForeignContent.prefixLength)) { (bytes) throws(KerfError) in
            try ForeignContent.check(bytes, file: name)
        }
    }

    func withBytes<Result>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(KerfError) -> Result
    ) throws(KerfError) -> Result {
        guard range.lowerBound >= 0, range.upperBound <= count else {
            throw KerfError(
                .truncated, at: name, "ends at byte \(count), before byte \(range.upperBound)",
                remedy: "download the file again")
        }
        let size = try RegularFile.size(of: descriptor, path: path)
        guard size >= count else {
            throw KerfError(
                .truncated, at: name, "was cut from \(count) to \(size) bytes while it was in use")
        }
        return try body(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Unmaps the pages of a range, so that only the tensors in use count as the process's memory. They stay in the page
    /// cache, and the next access maps them again.
    func release(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = (max(range.lowerBound, 0) + page - 1) / page * page
        let end = min(range.upperBound, count) / page * page
        if start < end { _ = madvise(base + start, end - start, MADV_DONTNEED) }
    }
}
