import Foundation
import Testing

struct HelpTests {
    static let subcommands = [
        "demo", "doctor", "profile", "calibrate", "compare", "decide", "simulate", "keys", "serve", "train", "link",
        "validate", "fleet", "report", "trace", "export", "board", "capture", "replay", "bench", "selftest",
        "restore-frequency",
    ]

    /// Every command that the help lists, by its words; the first is `kerf` itself.
    static let commands =
        [""] + subcommands + ["bench layer", "bench step", "selftest estimator"]
        + ["init", "device", "revoke", "show"].map { "keys \($0)" }

    private func help(_ command: String) throws -> String {
        let words = command.split(separator: " ").map(String.init)
        // The width is that of a terminal if there is one.
        let outcome = try KerfProcess(words + ["--help"], environment: ["COLUMNS": "80"]).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        return outcome.standardOutput
    }

    @Test("the whole help of every command", arguments: commands)
    func snapshot(_ command: String) throws {
        let text = try help(command)
        #expect(text.contains("EXAMPLE") && text.contains("kerf \(command)"))
        let name = command.isEmpty ? "kerf" : command.replacingOccurrences(of: " ", with: "-")
        try Snapshot.expect(text, matches: "help-\(name)")
    }

    @Test func theRootNamesEverySubcommandAndExitCode() throws {
        let text = try help("")
        for name in Self.subcommands { #expect(text.contains("  \(name) ")) }
        for code in ["3", "64", "65", "66", "69", "71", "73", "74", "77", "130"] {
            #expect(text.contains("  \(code)\t"))
        }
    }

    @Test func everyListedCommandHasASnapshot() throws {
        let listed = try help("").split(separator: "\n", omittingEmptySubsequences: false).drop { $0 != "SUBCOMMANDS:" }
            .dropFirst()
            .prefix { $0.hasPrefix("  ") }.compactMap { line -> String? in
                // A name is indented by two blanks, the further lines of its abstract by more.
                line.dropFirst(2).first == " " ? nil : line.split(separator: " ").first.map(String.init)
            }
        #expect(listed.isEmpty == false && Set(listed) == Set(Self.subcommands), "\(listed)")
    }

    @Test func anUnknownSubcommandIsAUsageError() throws {
        let outcome = try KerfProcess.run("saw")
        #expect(outcome.status == 64)
        #expect(outcome.standardError.contains("saw"))
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionScriptsAreGenerated(_ shell: String) throws {
        let outcome = try KerfProcess.run("--generate-completion-script", shell)
        #expect(outcome.status == 0)
        #expect(outcome.standardOutput.contains("profile") && outcome.standardOutput.contains("require-energy"))
    }
}
