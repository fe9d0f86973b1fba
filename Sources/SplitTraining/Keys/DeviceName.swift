import SystemIO

/// The name of a device: 1 to 63 lower-case letters, digits and hyphens, the first of them not a hyphen.
///
/// It is the name of a folder, a common name and the last part of a URI, and fits each without quoting. `server` and
/// `ca` are names of other files in a folder of keys.
package struct DeviceName: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// - Throws: ``KerfError/Code/invalidArgument``.
    package init(_ text: String) throws(KerfError) {
        guard (1...63).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed), text.utf8.first != Self.hyphen
        else {
            throw KerfError(
                .invalidArgument, "\(PlainText.quoted(text, limit: 80)) is not a name of a device",
                remedy: "use 1 to 63 of a-z, 0-9 and hyphens, not first a hyphen")
        }
        guard !Self.reserved.contains(text) else {
            throw KerfError(
                .invalidArgument, "\(text) cannot be the name of a device, which would be mistaken for the \(text)'s",
                remedy: "choose another name")
        }
        self.text = text
    }

    package var description: String { text }

    private static let reserved: Set<String> = ["server", "ca"]
    private static let hyphen = UInt8(ascii: "-")

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == hyphen
    }
}
