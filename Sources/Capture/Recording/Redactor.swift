import SystemIO

/// Removes what identifies the box or its owner from a recording: serial numbers, MAC addresses, host names.
///
/// The box's own secrets (``BoxSecrets``) are removed from contents and, except host names, from paths and links'
/// targets. Anything in the form of a MAC address is replaced too, and so is the value of every attribute and key whose
/// name is that of an identifier, such as a serial number. An address is replaced by the same other address everywhere,
/// so that links still match their targets.
///
/// Tables of numbers stay, and so do words that the kernel and its drivers define (``KernelVocabulary``), even if the host
/// has the same name.
final class Redactor {
    static let removed = "removed"
    /// Parts of names of attributes and keys whose value is never recorded.
    private static let identifyingParts = [
        "serial", "uuid", "unique", "uniq", "wwid", "eui64", "nguid", "asset", "macaddr",
    ]
    /// Whole words of such names: `ppin` is also a part of `stepping`.
    private static let identifyingWords: Set<String> = ["ppin"]

    private let secrets: BoxSecrets
    private var addresses = HardwareAddresses()
    private let rootPath: RootPath
    /// Words of the vocabulary that was recorded so far.
    private var boxWords: Set<[UInt8]> = []

    init(root: SystemRoot) {
        secrets = BoxSecrets(of: root, &addresses)
        rootPath = RootPath(root)
    }

    // MARK: - Redaction

    func path(_ path: String) -> String { String(decoding: withoutIdentities(Array(path.utf8)), as: UTF8.self) }

    /// The redacted contents of a file; the rules depend on its name.
    func contents(_ bytes: [UInt8], of path: String) -> [UInt8] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if name == "config" && path.contains("/pci") { return PCISerialNumber.removed(from: bytes) }
        if Self.isIdentifying(name) { return Array((Self.removed + "\n").utf8) }
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

    /// One of Kerf's own files: keys stay, and ``ReportVocabulary`` decides on values; `nil` when it is not JSON.
    private func report(_ bytes: [UInt8]) -> [UInt8]? {
        JSONStrings.mapping(bytes) { key, value in
            if Self.isIdentifying(key) { return Array(Self.removed.utf8) }
            let value = rootPath.removed(from: value)
            let names = secrets.hostNames
            switch ReportVocabulary(key: key) {
            case .own: return vocabulary(value)
            case .quoting:
                return withoutIdentities(names.filter { !$0.consists(of: boxWords) }.removed(from: value))
            case .free: return withoutIdentities(names.removed(from: value))
            }
        }
    }

    /// A line of the vocabulary. It stays when all of its value equals a serial number by coincidence.
    private func vocabulary(_ line: [UInt8]) -> [UInt8] {
        let value = line.lastIndex(of: UInt8(ascii: "=")).map { line[($0 + 1)...] } ?? line[...]
        return secrets.serials.contains { $0.isWhole(value) } ? line : withoutIdentities(line)
    }

    private func withoutIdentities(_ bytes: [UInt8]) -> [UInt8] {
        addresses.replaced(in: secrets.identities.removed(from: bytes))
    }

    private static func isIdentifying(_ name: String) -> Bool {
        let name = name.lowercased()
        return identifyingParts.contains { name.contains($0) }
            || name.utf8.split { !$0.isLetter && !$0.isDecimalDigit }.contains {
                identifyingWords.contains(String($0) ?? "")
            }
    }

    /// The key without its value for lines such as `POWER_SUPPLY_SERIAL_NUMBER=123` and `Serial : 0000`; `nil` for others.
    private static func withoutValue(_ line: ArraySlice<UInt8>) -> [UInt8]? {
        guard let separator = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }),
            separator - line.startIndex <= 64
        else { return nil }
        guard isIdentifying(String(decoding: line[..<separator], as: UTF8.self)) else { return nil }
        return Array(line[...separator]) + Array(removed.utf8)
    }

    /// `Linux version 6.1 (me@mybox)`: the builder of a kernel is often its user.
    private static func withoutBuilder(_ line: [UInt8], of path: String) -> [UInt8] {
        guard path == "proc/version", let at = line.firstIndex(of: UInt8(ascii: "@")),
            let open = line[..<at].lastIndex(of: UInt8(ascii: "(")),
            let close = line[at...].firstIndex(of: UInt8(ascii: ")"))
        else { return line }
        return line[...open] + Array("\(removed)@\(removed)".utf8) + line[close...]
    }
}
