import Capture
import Glibc
import Statistics
import SystemIO
import SystemPackage
import TestSupport

/// Captures: archives, checked and unpacked, with nothing written or linked outside.
struct CaptureKind: InputKind {
    let name = "captures"

    func seeds() throws -> [[UInt8]] {
        let tree = try FixtureTree()
        try tree.write("proc/version", "Linux version 6.1.0\n")
        let zone = "sys/devices/virtual/powercap/intel-rapl/intel-rapl:0"
        try tree.write(under: zone, ["name": "package-0", "energy_uj": "123456"])
        try tree.link("sys/class/powercap/intel-rapl:0", "../../devices/virtual/powercap/intel-rapl/intel-rapl:0")
        // A path that needs an extended header.
        let far = "devices/" + String(repeating: "bridge/", count: 40) + "hwmon/hwmon0"
        try tree.write("sys/\(far)/name", "chip\n")
        try tree.link("sys/class/hwmon/hwmon0", "../../\(far)")
        var recorder = CaptureRecorder(root: tree.root, kerfVersion: "0")
        return [try recorder.record().archive]
    }

    func words() -> Set<String> {
        [
            "../", "/", "./", "..", "sys", "sys/", "proc/", "etc/", "kerf/", "sys/class/powercap/", "ustar\0", "00",
            "sys/class/powercap/intel-rapl:0", "77777777777", "00000000000", "00000001000", " path=", " linkpath=",
        ]
    }

    func attempt(_ bytes: [UInt8]) throws {
        let capture = try Capture(bytes, name: "fuzz.tar")
        let tree = try FixtureTree()
        try tree.directory("inside")
        try capture.unpack(into: tree.file("inside"))
        Finding.require(tree.root.names(in: tree.path) == ["inside"], "something was written outside")
        for (path, entry) in capture.entries {
            guard case .link = entry.content, let real = Self.real(tree.file("inside").appending(path)) else {
                continue
            }
            Finding.require(real.starts(with: tree.file("inside")), "\(path) leads to \(real)")
        }
    }

    /// The file behind links; `nil` where they lead to nothing.
    private static func real(_ path: FilePath) -> FilePath? {
        guard let resolved = realpath(path.string, nil) else { return nil }
        defer { free(resolved) }
        return FilePath(String(cString: resolved))
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.tar(bytes, maximum: maximum, using: &random)
    }
}
