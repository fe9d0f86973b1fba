import Capture
import TestSupport

/// What a capture of a tree holds, by path.
struct RecordedBox {
    private let entries: [String: TarEntry]

    init(_ tree: FixtureTree, report: String = "{}\n") throws {
        // No tree without anything of a device is recorded.
        try tree.write("sys/devices/system/cpu/online", "0\n")
        var recorder = CaptureRecorder(root: tree.root, kerfVersion: "0")
        entries = try Capture(recorder.record(views: ["doctor.json": report]).archive, name: "box.tar").entries
    }

    var paths: [String] { entries.keys.sorted() }

    subscript(path: String) -> String? {
        switch entries[path]?.content {
        case .file(let bytes): String(decoding: bytes, as: UTF8.self)
        case .link(let target): target
        default: nil
        }
    }

    /// Names and contents that hold the text in any case.
    func places(of text: String) -> [String] {
        paths.filter { "\($0)\n\(self[$0] ?? "")".lowercased().contains(text.lowercased()) }
    }
}

extension FixtureTree {
    /// A sensor chip, found as the kernel shows one.
    func writeChip(_ attributes: KeyValuePairs<String, String>) throws {
        try write(under: "sys/devices/platform/chip.0/hwmon/hwmon0", attributes)
        try link("sys/class/hwmon/hwmon0", "../../devices/platform/chip.0/hwmon/hwmon0")
    }
}
