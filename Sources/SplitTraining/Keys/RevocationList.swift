import SystemIO
import SystemPackage
import X509

/// A list of certificates by their serial numbers: `revoked.txt`, which a server reads for each exchange, and
/// `issued.txt`, which tells the authority what to revoke.
///
/// A line is a serial number in hexadecimal digits, as `openssl x509 -serial` prints it, and after `#` a comment; Kerf
/// writes the device's name and the date there. Colons between digits are permitted. Blank lines and lines that begin with
/// `#` are skipped.
package struct RevocationList: Sendable {
    /// Some 50,000 lines.
    static let maximumBytes = 4 << 20

    /// A line that is not blank.
    struct Entry: Sendable {
        /// In the form of `Certificate.SerialNumber.hexadecimal`.
        var serial: String
        var comment: String
    }

    let entries: [Entry]
    /// The file's content.
    let bytes: [UInt8]
    private let serials: Set<String>

    /// Reads a list. An absent file means that nothing is revoked; its folder must exist.
    ///
    /// - Throws: ``KerfError``: a list with a line that is none, with an end that is cut off, larger than 4 MiB, or not
    ///   readable. Every device must be refused then: the line may have been any device's.
    package init(path: String) throws(KerfError) {
        var bytes: [UInt8] = []
        if try Self.exists(path) { bytes = try SmallFile.read(path, limit: Self.maximumBytes) }
        self.bytes = bytes
        entries = try Self.parse(bytes, in: path)
        serials = Set(entries.map(\.serial))
    }

    package func contains(_ certificate: Certificate) -> Bool {
        serials.contains(certificate.serialNumber.hexadecimal)
    }

    /// Whether there is a file, or a link even if it leads nowhere.
    private static func exists(_ path: String) throws(KerfError) -> Bool {
        do throws(Errno) {
            _ = try FileStatus(at: path, followingLinks: false)
            return true
        } catch {
            let parent = FilePath(path).removingLastComponent()
            guard error == .noSuchFileOrDirectory, SmallFile.exists(parent.isEmpty ? "." : parent.string) else {
                throw KerfError(.noSuchFile, at: path, "cannot be examined: \(error)", cause: error, remedy: .makeKeys)
            }
            return false
        }
    }

    private static func parse(_ bytes: [UInt8], in path: String) throws(KerfError) -> [Entry] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw KerfError(.malformed, at: path, "not text", remedy: refusal)
        }
        guard bytes.last ?? newline == newline else {
            throw KerfError(
                .malformed, at: path, "the last line has no line feed and may be cut off", remedy: refusal)
        }
        var entries: [Entry] = []
        for (index, line) in text.utf8.split(separator: newline, omittingEmptySubsequences: false).enumerated() {
            let parts = line.split(separator: UInt8(ascii: "#"), maxSplits: 1, omittingEmptySubsequences: false)
            let word = trimmed(parts[0])
            if word.isEmpty { continue }
            guard let serial = normalized(word) else {
                throw KerfError(
                    .malformed, at: path, "line \(index + 1) is not a serial number in hexadecimal digits",
                    remedy: refusal)
            }
            let comment = parts.count > 1 ? String(Substring(trimmed(parts[1]))) : ""
            entries.append(Entry(serial: serial, comment: comment))
        }
        return entries
    }

    /// `revoked.txt` is read by a server, `issued.txt` by nobody but the authority.
    private static let refusal: Remedy = "correct it; it is not used until then, and a server refuses every device"
    private static let newline = UInt8(ascii: "\n")

    /// Without blanks, tabs and carriage returns at both ends.
    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let isBlank: (UInt8) -> Bool = {
            $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r")
        }
        guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
        else { return text[text.endIndex...] }
        return text[first...last]
    }

    /// Lower-case digits without leading zero bytes; `nil` for anything but 1 to 64 hexadecimal digits.
    private static func normalized(_ word: Substring.UTF8View) -> String? {
        let digits = word.filter { $0 != UInt8(ascii: ":") }
        guard (1...64).contains(digits.count) else { return nil }
        var bytes: [UInt8] = []
        for (index, digit) in digits.reversed().enumerated() {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
            if index % 2 == 0 { bytes.append(UInt8(value)) } else { bytes[index / 2] |= UInt8(value) << 4 }
        }
        return Certificate.SerialNumber(bytes: Array(bytes.reversed())).hexadecimal
    }
}
