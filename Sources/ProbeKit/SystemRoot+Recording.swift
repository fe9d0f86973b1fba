import Glibc
import Quantities
import SystemIO

extension SystemRoot {
    /// Whether the files are a recording of a box: a tree of files, or the view that a replay mounts over `/sys`. Nothing in
    /// it changes, so that nothing can be measured in it. A virtual board is no recording.
    package var isRecording: Bool { isLive ? !Self.hasKernelsClasses : !hasVirtualBoard }

    /// Origin of everything that is read below this root.
    package var origin: Origin { hasVirtualBoard ? .simulated : isRecording ? .recorded : .measured }

    /// Whether the kernel itself answers below `/sys/class`. A replay covers this directory; `/sys` it has to leave, since
    /// libsensors checks it. Without the directory there is nothing that could be a recording.
    ///
    /// sysfs, unlike any file system that stores files, has no blocks (fs/libfs.c, `simple_statfs`). Its type number would
    /// say so too, but statvfs(3) does not give it before glibc 2.39.
    private static var hasKernelsClasses: Bool {
        var information = statvfs()
        guard statvfs("/sys/class", &information) == 0 else { return true }
        return information.f_blocks == 0
    }
}
