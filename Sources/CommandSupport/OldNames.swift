/// Names that commands and options had before, for scripts. They are replaced before anything is parsed, so that an old
/// name and its new one are the same option, and no help shows the old one.
package enum OldNames {
    private static let commands = ["restore-clock": "restore-frequency"]  // retired-word-ok: alias
    /// By command.
    private static let options = [
        "decide": ["--rung": "--level", "--count": "--energy-scope"],  // retired-word-ok: alias
        "simulate": ["--rung": "--level"],  // retired-word-ok: alias
    ]

    /// - Parameter arguments: those after the program's name. What follows a `--` belongs to another command line.
    package static func replaced(in arguments: [String]) -> [String] {
        guard let first = arguments.first else { return arguments }
        let command = commands[first] ?? first
        guard let renamed = options[command] else { return [command] + arguments.dropFirst() }
        let own = arguments.prefix { $0 != "--" }
        let replaced = own.dropFirst().map { argument in
            // `--option value` and `--option=value`.
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = renamed[String(parts[0])] else { return argument }
            return ([name] + parts.dropFirst().map(String.init)).joined(separator: "=")
        }
        return [command] + replaced + arguments.dropFirst(own.count)
    }
}
