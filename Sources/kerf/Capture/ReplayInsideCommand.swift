import ArgumentParser
import CNamespaces
import Capture
import ProbeKit
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What `kerf replay` starts inside its namespaces: puts the recorded box in place, then becomes the command.
struct ReplayInsideCommand: ParsableCommand {
    static let name = "replay-inside"

    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The part of kerf replay that runs in its namespaces.", shouldDisplay: false)

    @Argument var archive: String
    @Argument(parsing: .postTerminator) var command: [String]

    /// In the first user namespace every user is mapped; in that of a replay there is but one.
    ///
    /// Source: user_namespaces(7), /proc/[pid]/uid_map.
    private static var isInNamespaceOfItsOwn: Bool {
        let map = (try? SysfsFile.text(at: "/proc/self/uid_map")) ?? ""
        return getuid() == 0 && map.split(separator: " ").last == "1"
    }

    func run() throws {
        try KerfFailure.reporting {
            // Outside a namespace of its own the mounts below would change the box.
            guard Self.isInNamespaceOfItsOwn else {
                throw KerfFailure(.usage, "\(Self.name) is for kerf replay; use: kerf replay box.tar -- COMMAND")
            }
            try RecordedView(try ReplayCommand.open(archive)).show()
            let error = kerf_namespaces_confine()
            guard error == 0 else {
                throw KerfFailure(.systemError, "cannot confine the replay: \(Errno(rawValue: error))")
            }
            var pointers = (["kerf"] + command).map { strdup($0) }
            pointers.append(nil)
            execv("/proc/self/exe", pointers)
            throw KerfFailure(.systemError, "cannot start the command: \(Errno(rawValue: errno))")
        }
    }
}
