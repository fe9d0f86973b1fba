import Glibc
import SystemIO
import SystemPackage

/// Mounts a recorded box over this one, in a private mount namespace.
///
/// The mounts are not on `/sys` itself, since libsensors checks that it is a sysfs, but on each of its directories: a
/// recorded one shows the recording, any other is empty. Every mount is read-only.
package struct RecordedView {
    private let capture: Capture

    /// A tmpfs into which the tree is unpacked. Its mount point is in every kernel's sysfs, and is covered at the end.
    private static let stage: FilePath = "/sys/module"
    /// Directories that are not covered: control groups, which limit this process, and the kernel's own state.
    private static let uncovered: Set<String> = ["fs", "kernel"]

    package init(_ capture: Capture) { self.capture = capture }

    package func show() throws {
        // Mounts must not propagate to the namespace from which this one was copied.
        try attach(nil, on: "/", UInt(MS_REC | MS_PRIVATE))
        try attach("tmpfs", on: Self.stage, type: "tmpfs", UInt(MS_NOSUID | MS_NODEV))
        let tree = Self.stage.appending("tree")
        let nothing = Self.stage.appending("nothing")
        let emptyFile = Self.stage.appending("empty")
        for directory in [tree, nothing] {
            guard mkdir(directory.string, 0o755) == 0 else { throw failure("make", directory) }
        }
        let file = creat(emptyFile.string, 0o444)
        guard file >= 0 else { throw failure("make", emptyFile) }
        close(file)
        try capture.unpack(into: tree)

        let live = SystemRoot()
        for name in live.names(in: "/sys") where !Self.uncovered.contains(name) && "/sys/\(name)" != Self.stage.string {
            let place = FilePath("/sys").appending(name)
            guard live.isDirectory(place) else { continue }
            let recorded = tree.appending("sys").appending(name)
            try cover(place, with: live.isDirectory(recorded) ? recorded : nothing)
        }
        for path in CapturePlan.processFiles + ["etc/sensors3.conf"] {
            let place = live.file(path)
            guard live.isRegularFile(place) else { continue }
            let recorded = tree.appending(path)
            try cover(place, with: live.isRegularFile(recorded) ? recorded : emptyFile)
        }
        let recordedConfiguration = tree.appending("etc/sensors.d")
        for (place, source) in [
            (FilePath("/etc/sensors.d"), live.isDirectory(recordedConfiguration) ? recordedConfiguration : nothing),
            // Frequency leases of this box.
            (FilePath("/run/kerf"), nothing),
        ] where live.isDirectory(place) {
            try cover(place, with: source)
        }
        // A GPU answers NVML through these, independent of /sys.
        for name in live.names(in: "/dev") where name.hasPrefix("nvidia") {
            let place = FilePath("/dev").appending(name)
            try cover(place, with: live.isDirectory(place) ? nothing : emptyFile)
        }
        let modules = tree.appending("sys/module")
        try cover(Self.stage, with: live.isDirectory(modules) ? modules : nothing)
    }

    private func cover(_ place: FilePath, with source: FilePath) throws {
        try attach(source.string, on: place, UInt(MS_BIND))
        try attach(nil, on: place, UInt(MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV))
    }

    private func attach(_ source: String?, on place: FilePath, type: String? = nil, _ flags: UInt) throws {
        guard mount(source, place.string, type, flags, nil) == 0 else { throw failure("mount over", place) }
    }

    private func failure(_ verb: String, _ place: FilePath) -> KerfError {
        KerfError(
            .permissionDenied,
            "cannot \(verb) \(place): \(Errno(rawValue: errno)); a security policy may forbid it",
            remedy: .unpackCapture)
    }
}
