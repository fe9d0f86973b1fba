import CArguments
import SystemIO

/// The command line, also where there is no procfs to read it from.
enum ProgramArguments {
    /// Whether an option was given, whatever its value, before what follows `--`.
    static func hasOption(_ name: String) -> Bool {
        // A command line that cannot be known was refused before.
        let arguments = (try? afterName()) ?? []
        return arguments.prefix { $0 != "--" }.contains { $0 == name || $0.hasPrefix(name + "=") }
    }

    /// The arguments after the program's name.
    ///
    /// - Throws: ``KerfError/Code/unavailable`` where they cannot be known. No arguments is a command line of its own, which
    ///   asks for the help, and so must not stand for an unknown one.
    static func afterName() throws(KerfError) -> [String] {
        let count = kerf_argument_count()
        if count >= 0 {
            return (0..<count).dropFirst().compactMap { index in kerf_argument(index).map { String(cString: $0) } }
        }
        let arguments = CommandLine.arguments
        guard !arguments.isEmpty else {
            throw KerfError(
                .unavailable, "the command line cannot be read from /proc/self/cmdline",
                remedy: "mount procfs: `sudo mount -t proc proc /proc`")
        }
        return Array(arguments.dropFirst())
    }
}
