import SystemIO

/// Takes out of a recorded box what names the box or its owner: serial numbers, MAC addresses, host names.
///
/// What is known of the box (see ``BoxSecrets``) is removed from contents, and but for host names from paths and links'
/// targets. What looks like a MAC address is removed too, and so is the value of every attribute and key that names a
/// serial number or the like. One address becomes the same other address everywhere, so that links still meet their
/// targets.
///
/// What the box is made of stays: tables of numbers as they are, and words that the kernel and its drivers chose (see
/// ``KernelVocabulary``) whatever the host is called.
final class Redactor {
    static let removed = "removed"
    /// Parts of names of attributes and keys whose value is never recorded.
    private static let telling = ["serial", "uuid", "unique", "uniq", "wwid", "eui64", "nguid", "asset", "macaddr"]
    /// Words of such names: `ppin` is a part of `stepping` too.
    private static let tellingWords: Set<String> = ["ppin"]

    private let secrets: BoxSecrets
    private var addresses = HardwareAddresses()
    private let place: TreePlace
    /// Of the vocabulary that was recorded so far.
    private var boxWords: Set<[UInt8]> = []

    init(root: SystemRoot) {
        secrets = BoxSecrets(of: root, &addresses)
        place = TreePlace(root)
    }

    // MARK: - What is taken out

    func path(_ path: String) -> String { String(decoding: withoutIdentities(Array(path.utf8)), as: UTF8.self) }

    /// The contents of a file, by what it is called.
    func contents(_ bytes: [UInt8], of path: String) -> [UInt8] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if name == "config" && path.contains("/pci") { return PCISerialNumber.removed(from: bytes) }
        if Self.tells(name) { return Array((Self.removed + "\n").utf8) }
        if KernelVocabulary.isTable(path) { return bytes }
        if path.hasPrefix("kerf/"), name.hasSuffix(".json"), let report = report(bytes) { return report }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            self.line(line, of: path)
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    private func line(_ line: ArraySlice<UInt8>, of path: String) -> [UInt8] {
        if let key = Self.withoutValue(line) { return withoutIdentities(key) }
        guard KernelVocabulary.holds(line, of: path) else {
            return withoutIdentities(secrets.hostNames.removed(from: Self.withoutBuilder(Array(line), of: path)))
        }
        boxWords.formUnion(line.words)
        return vocabulary(Array(line))
    }

    /// A file of Kerf's own: its keys stay, and its values by what they are made of; `nil` when it is no JSON.
    private func report(_ bytes: [UInt8]) -> [UInt8]? {
        JSONStrings.mapping(bytes) { key, value in
            if Self.tells(key) { return Array(Self.removed.utf8) }
            let value = place.removed(from: value)
            let names = secrets.hostNames
            switch ReportVocabulary(key: key) {
            case .own: return vocabulary(value)
            case .quoting:
                return withoutIdentities(names.filter { !$0.consists(of: boxWords) }.removed(from: value))
            case .free: return withoutIdentities(names.removed(from: value))
            }
        }
    }

    /// A driver's word, which is not taken away as a whole because something else is called the same.
    private func vocabulary(_ line: [UInt8]) -> [UInt8] {
        let value = line.lastIndex(of: UInt8(ascii: "=")).map { line[($0 + 1)...] } ?? line[...]
        return secrets.serials.contains { $0.isWhole(value) } ? line : withoutIdentities(line)
    }

    private func withoutIdentities(_ bytes: [UInt8]) -> [UInt8] {
        addresses.replaced(in: secrets.identities.removed(from: bytes))
    }

    private static func tells(_ name: String) -> Bool {
        let name = name.lowercased()
        return telling.contains { name.contains($0) }
            || name.utf8.split { !$0.isLetter && !$0.isDecimalDigit }.contains {
                tellingWords.contains(String($0) ?? "")
            }
    }

    /// `POWER_SUPPLY_SERIAL_NUMBER=123`, `Serial : 0000`: the key without its value; `nil` for a line that tells nothing.
    private static func withoutValue(_ line: ArraySlice<UInt8>) -> [UInt8]? {
        guard let separator = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }),
            separator - line.startIndex <= 64
        else { return nil }
        guard tells(String(decoding: line[..<separator], as: UTF8.self)) else { return nil }
        return Array(line[...separator]) + Array(removed.utf8)
    }

    /// `Linux version 6.1 (me@mybox)`: who built a kernel, and where, is often who runs it.
    private static func withoutBuilder(_ line: [UInt8], of path: String) -> [UInt8] {
        guard path == "proc/version", let at = line.firstIndex(of: UInt8(ascii: "@")),
            let open = line[..<at].lastIndex(of: UInt8(ascii: "(")),
            let close = line[at...].firstIndex(of: UInt8(ascii: ")"))
        else { return line }
        return line[...open] + Array("\(removed)@\(removed)".utf8) + line[close...]
    }
}
