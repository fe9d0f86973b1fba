import SystemIO

/// A command line as it may stand in a report that others read: enough to recognize the program, and nothing that is
/// likely to be secret or private.
///
/// The program and file names lose their directories. An option loses its value. Of what else stands in a command line
/// only file names are kept, and the first word, which may be a subcommand: passwords are words too. What is left out is
/// an ellipsis.
package enum CommandText {
    /// - Parameters:
    ///   - arguments: as in `/proc/PID/cmdline`, the program first; empty for a process that has none.
    ///   - name: the kernel's short name, where there is no program.
    package static func shown(_ arguments: [String], name: String) -> String {
        guard let program = arguments.first.flatMap(Self.program) else { return PlainText.name(name) }
        var parts = [program]
        var option: String?
        var isFirst = true
        // No more can be shown anyway.
        for argument in arguments.dropFirst().prefix(PlainText.nameLimit) {
            let isOption = argument.hasPrefix("-") && argument.count > 1
            let part = isOption ? Self.option(argument) : word(argument, after: option, isFirst: isFirst)
            isFirst = false
            option = isOption ? argument : nil
            if let part {
                parts.append(part)
            } else if parts.last != omission {
                parts.append(omission)
            }
        }
        return PlainText.name(parts.joined(separator: " "))
    }

    private static let omission = "…"
    /// Longer words are more often keys than names.
    private static let maximumWord = 24

    /// The program's name. Some programs write a whole line in the place of it: `sshd: alice [priv]`.
    private static func program(_ argument: String) -> String? {
        let path = argument.prefix { $0 != " " }
        var name = path.split(separator: "/").last ?? ""
        // A login shell begins with a dash.
        if name.hasPrefix("-") { name = name.dropFirst() }
        if name.hasSuffix(":") { name = name.dropLast() }
        return name.isEmpty ? nil : String(name)
    }

    /// `--token=abc` is `--token`; `-psecret` is `-p…`, while `-jar` and `-j8` stay.
    private static func option(_ argument: String) -> String? {
        let name = argument.prefix { $0 != "=" }
        guard name.allSatisfy(isPlain), name.count <= maximumWord else { return nil }
        if name.hasPrefix("--") || name.count <= 4 { return String(name) }
        return String(name.prefix(2)) + omission
    }

    /// - Parameters:
    ///   - option: the option right before.
    ///   - isFirst: whether it may be a subcommand.
    private static func word(_ argument: String, after option: String?, isFirst: Bool) -> String? {
        guard !argument.contains("="), !argument.contains("://"), let last = argument.split(separator: "/").last,
            last.count <= maximumWord,
            last.allSatisfy(isPlain)
        else { return nil }
        if let option, isSecret(option) { return nil }
        guard isFirst || isFileName(last) else { return nil }
        return String(last)
    }

    private static func isSecret(_ option: String) -> Bool {
        let option = option.lowercased()
        return ["pass", "pwd", "token", "secret", "key", "auth", "cred", "user"].contains { option.contains($0) }
    }

    /// Whether a word ends like `train.py`.
    private static func isFileName(_ word: Substring) -> Bool {
        guard let dot = word.lastIndex(of: "."), dot > word.startIndex else { return false }
        let ending = word[word.index(after: dot)...]
        return (1...6).contains(ending.count) && (ending.first?.isLetter ?? false)
    }

    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._+-".contains(character))
    }
}
