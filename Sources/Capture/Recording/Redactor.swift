import ProbeKit
import SystemPackage

/// Takes out of a recorded box what names the box or its owner: serial numbers, MAC addresses, host names.
///
/// What is known of the box (its own host name, its network cards' addresses, its serial numbers as far as they may be
/// read) is removed wherever it stands, in contents, paths and links' targets. What looks like a MAC address is removed
/// too, and so is the value of every attribute and key that names a serial number or the like. One address becomes the
/// same other address everywhere, so that links still meet their targets.
final class Redactor {
    static let removed = "removed"
    /// A shorter serial number would be found in the middle of something else.
    private static let shortestSecret = 6
    /// Parts of names of attributes and keys whose value is never recorded.
    private static let telling = ["serial", "uuid", "unique", "uniq", "wwid", "eui64", "nguid", "asset", "macaddr"]

    private struct Secret {
        var bytes: [UInt8]
        /// Whether it counts only where no letter or digit goes on before or behind it.
        var isWord = true
        /// Whether it may stand in the name of a device.
        var isInPaths = true
    }

    private var secrets: [Secret] = []
    private var addresses: [[UInt8]: Int] = [:]

    init(root: SystemRoot) {
        // No device is called after its host, and a host called `cpu` must not take the tree apart.
        secrets = Self.hostNames(root).map { Secret(bytes: Array($0.utf8), isInPaths: false) }
        for path in Self.serialNumberFiles(root) {
            guard let text = try? SysfsFile.text(at: path), text.utf8.count >= Self.shortestSecret else { continue }
            secrets.append(Secret(bytes: Array(text.utf8)))
        }
        let cards = root.file("sys/class/net")
        for card in root.names(in: cards) {
            let address = root.resolvingFlattenedLink(cards.appending(card)).appending("address")
            guard let text = try? SysfsFile.text(at: address), text.count == 17 else { continue }
            // Without its separators it may stand in a device's name.
            let compact = text.filter { $0 != ":" }
            guard Set(compact).count > 1 else { continue }
            for spelling in [compact.lowercased(), compact.uppercased()] {
                secrets.append(Secret(bytes: Array(spelling.utf8), isWord: false))
            }
        }
    }

    // MARK: - What is taken out

    func path(_ path: String) -> String {
        String(decoding: without(secrets.filter(\.isInPaths), withoutAddresses(Array(path.utf8))), as: UTF8.self)
    }

    /// The contents of a file, by what it is called.
    func contents(_ bytes: [UInt8], of path: String) -> [UInt8] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if name == "config" && path.contains("/pci") { return PCISerialNumber.removed(from: bytes) }
        if Self.tells(name) { return Array((Self.removed + "\n").utf8) }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            without(secrets, withoutAddresses(Self.withoutValue(line) ?? Self.withoutBuilder(Array(line), of: path)))
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    private static func tells(_ name: String) -> Bool {
        let name = name.lowercased()
        return telling.contains { name.contains($0) }
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

    private func without(_ secrets: [Secret], _ bytes: [UInt8]) -> [UInt8] {
        secrets.reduce(bytes) { Self.removing($1, from: $0) }
    }

    // MARK: - Addresses

    /// Six pairs of hexadecimal digits or more with one separator between them are an address.
    private func withoutAddresses(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        var start = 0
        while start + 17 <= bytes.count {
            let end = Self.endOfAddress(bytes, from: start)
            guard let end else {
                start += 1
                continue
            }
            replace(start..<end, in: &result)
            start = end
        }
        return result
    }

    private static func endOfAddress(_ bytes: [UInt8], from start: Int) -> Int? {
        let separator = bytes[start + 2]
        guard separator == UInt8(ascii: ":") || separator == UInt8(ascii: "-") else { return nil }
        if start > 0, isHexadecimal(bytes[start - 1]) || bytes[start - 1] == separator { return nil }
        var end = start
        var pairs = 0
        while end + 2 <= bytes.count, isHexadecimal(bytes[end]), isHexadecimal(bytes[end + 1]) {
            pairs += 1
            end += 2
            guard end + 2 < bytes.count, bytes[end] == separator, isHexadecimal(bytes[end + 1]) else { break }
            end += 1
        }
        guard pairs >= 6, end == bytes.count || !isHexadecimal(bytes[end]) else { return nil }
        return end
    }

    /// Zeros, with the number of the address at its end.
    private func replace(_ range: Range<Int>, in bytes: inout [UInt8]) {
        let address = Array(String(decoding: bytes[range], as: UTF8.self).lowercased().utf8)
        let number = addresses[address] ?? addresses.count + 1
        addresses[address] = number
        for index in range where Self.isHexadecimal(bytes[index]) { bytes[index] = UInt8(ascii: "0") }
        let digits = Array(String(number % 256, radix: 16).utf8)
        bytes.replaceSubrange((range.upperBound - digits.count)..<range.upperBound, with: digits)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    // MARK: - Words

    private static func removing(_ secret: Secret, from bytes: [UInt8]) -> [UInt8] {
        let word = secret.bytes
        guard let first = word.first, bytes.count >= word.count else { return bytes }
        let goesOn = { (index: Int) in secret.isWord && bytes.indices.contains(index) && isWordByte(bytes[index]) }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let end = index + word.count
            if bytes[index] == first, end <= bytes.count, bytes[index..<end].elementsEqual(word), !goesOn(index - 1),
                !goesOn(end)
            {
                result += Array(removed.utf8)
                index = end
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            true
        default: byte >= 128
        }
    }

    // MARK: - What is known of the box

    /// The whole name and its first part; nothing for names that many boxes have.
    private static func hostNames(_ root: SystemRoot) -> [String] {
        let names = ["proc/sys/kernel/hostname", "etc/hostname"].compactMap {
            try? SysfsFile.text(at: root.file($0))
        }
        let parts = names.compactMap { $0.split(separator: ".").first.map(String.init) }
        let common: Set<String> = ["localhost", "(none)", "debian", "ubuntu", "linux"]
        return Set(names + parts).filter { $0.count > 1 && !common.contains($0) }
            .sorted { ($1.count, $0) < ($0.count, $1) }
    }

    private static func serialNumberFiles(_ root: SystemRoot) -> [FilePath] {
        let firmware = ["product_serial", "board_serial", "chassis_serial", "product_uuid"].map {
            root.file("sys/class/dmi/id/\($0)")
        }
        let supplies = root.file("sys/class/power_supply")
        return firmware + [root.file("proc/device-tree/serial-number")]
            + root.names(in: supplies).map {
                root.resolvingFlattenedLink(supplies.appending($0)).appending("serial_number")
            }
    }
}
