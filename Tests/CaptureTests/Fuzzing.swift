import Foundation
import Statistics
import SystemPackage

@testable import Capture

/// Random damage to archives: to bytes anywhere, and to headers whose checksums are made to fit again, so that what
/// lies behind the checksum is reached.
enum Fuzzing {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    static let rounds = Int(number("KERF_FUZZ_ROUNDS") ?? 300)
    static let seed = number("KERF_FUZZ_SEED") ?? 1

    /// Names and targets that lead elsewhere.
    private static let lures = [
        "../../../../etc/passwd", "/etc/passwd", "sys/../../out", "..", ".", "", "sys/class", "sys", "proc/self/root",
        "../..", "a/../../../b", "sys/class/hwmon/hwmon0", "kerf/../..",
    ]

    static func damaged(_ good: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = good
        if Int.random(in: 0..<8, using: &random) == 0 {
            bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
        }
        for _ in 0..<Int.random(in: 1...4, using: &random) where bytes.count >= 512 {
            if Int.random(in: 0..<6, using: &random) == 0 {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            } else {
                damageHeader(&bytes, using: &random)
            }
        }
        return bytes
    }

    private static func damageHeader(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        let headers = stride(from: 0, to: bytes.count - 511, by: 512).filter {
            bytes[($0 + 257)..<($0 + 262)].elementsEqual("ustar".utf8)
        }
        guard let start = headers.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: put(lures.randomElement(using: &random)!, start + 0, 100, &bytes)
        case 1:
            bytes[start + 156] = UInt8(ascii: "2")
            put(lures.randomElement(using: &random)!, start + 157, 100, &bytes)
            put("00000000000", start + 124, 12, &bytes)
        case 2: bytes[start + 156] = "0125LKx".utf8.randomElement(using: &random)!
        case 3:
            put(
                ["77777777777", "00000000001", "00000010000", "x"].randomElement(using: &random)!, start + 124, 12,
                &bytes)
        case 4:
            // The records of an extended header, and what else is at its place.
            bytes[start + TarHeader.type] = PaxRecords.type
            let record = PaxRecords(
                path: lures.randomElement(using: &random), linkPath: Bool.random(using: &random) ? "../../x" : nil)
            if bytes.count >= start + 1024 { bytes.replaceSubrange(start + 512..<start + 1024, with: padded(record)) }
            put("00000000" + String(record.bytes.count, radix: 8), start + 124, 12, &bytes)
        default: bytes[start + Int.random(in: 0..<512, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        seal(&bytes, at: start)
    }

    private static func padded(_ records: PaxRecords) -> [UInt8] {
        records.bytes + [UInt8](repeating: 0, count: 512 - records.bytes.count)
    }

    private static func put(_ text: String, _ start: Int, _ width: Int, _ bytes: inout [UInt8]) {
        for offset in 0..<width { bytes[start + offset] = 0 }
        bytes.replaceSubrange(start..<(start + text.utf8.count), with: text.utf8)
    }

    /// Makes a header's checksum fit.
    static func seal(_ bytes: inout [UInt8], at start: Int) {
        let sum = String(TarHeader.sum(of: bytes[start..<(start + 512)]), radix: 8)
        let field = String(repeating: "0", count: 6 - sum.count) + sum + "\0 "
        bytes.replaceSubrange((start + 148)..<(start + 156), with: field.utf8)
    }

    /// The file behind links; `nil` where they lead to nothing.
    static func real(_ path: FilePath) -> FilePath? {
        guard let resolved = realpath(path.string, nil) else { return nil }
        defer { free(resolved) }
        return FilePath(String(cString: resolved))
    }
}
