import Foundation
import Testing

struct HelpTests {
    static let subcommands = [
        "bench", "selftest", "doctor", "board", "profile", "calibrate", "decide", "simulate", "demo", "capture",
        "replay", "restore-clock",
    ]

    @Test(arguments: subcommands) func everySubcommandShowsAnExample(_ name: String) throws {
        let outcome = try KerfProcess.run(name, "--help")
        #expect(outcome.status == 0)
        #expect(outcome.standardOutput.contains("EXAMPLE"))
        #expect(outcome.standardOutput.contains("kerf \(name)"))
    }

    @Test func theRootNamesEverySubcommandAndExitCode() throws {
        let outcome = try KerfProcess.run("--help")
        #expect(outcome.status == 0)
        for name in Self.subcommands { #expect(outcome.standardOutput.contains(name)) }
        for code in ["64", "65", "66", "69", "73", "130"] { #expect(outcome.standardOutput.contains(code)) }
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
