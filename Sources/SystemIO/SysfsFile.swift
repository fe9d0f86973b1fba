import SystemPackage

/// One attribute file of sysfs or procfs, read as a whole with one system call.
///
/// Source: Documentation/filesystems/sysfs.rst: an attribute holds one value and is filled anew by each read at
/// offset 0, so that a second read of the rest would join two different moments.
package enum SysfsFile {
    /// A sysfs attribute is at most one page; procfs files read here are read with ``wholeText(at:limit:)``.
    package static let pageBytes = 4096

    /// The attribute's text without white space around it.
    ///
    /// - Throws: ``KerfError`` with the path; `EAGAIN` (hwmon drivers give it while a sensor wakes) is tried anew
    ///   three times.
    package static func text(at path: FilePath) throws(KerfError) -> String {
        let file = try HeldFile(path)
        return try file.text()
    }

    /// The attribute as a signed decimal integer.
    package static func integer(at path: FilePath) throws(KerfError) -> Int64 {
        try HeldFile(path).integer()
    }

    /// Sets an attribute, by one write as the kernel wants it.
    ///
    /// The file must be there. It is truncated first, which sysfs does not mind and a tree of plain files needs.
    package static func write(_ text: String, to path: FilePath) throws(KerfError) {
        do {
            let file = try FileDescriptor.open(path, .writeOnly, options: [.truncate, .closeOnExec, .nonBlocking])
            try file.closeAfter { _ = try file.writeAll(Array((text + "\n").utf8)) }
        } catch let errno as Errno {
            throw KerfError(errno, doing: "write \(quoted(text))", at: path)
        } catch {
            throw KerfError(.ioError, "cannot write: \(error)", at: path)
        }
    }

    /// A procfs file of several pages, up to `limit` bytes.
    package static func wholeText(at path: FilePath, limit: Int = 4 << 20) throws(KerfError) -> String {
        let file = try HeldFile(path)
        return try file.wholeText(limit: limit)
    }

    /// The start of a text that came from outside, safe to show in one line.
    package static func quoted(_ text: String) -> String {
        "\"" + printable(text, limit: 40) + (text.unicodeScalars.count > 40 ? "…\"" : "\"")
    }

    /// The start of a text that came from outside, with a question mark for all that is not printable ASCII.
    package static func printable(_ text: String, limit: Int) -> String {
        String(text.unicodeScalars.prefix(limit).map { (" "..."~").contains($0) ? Character($0) : "?" })
    }
}
