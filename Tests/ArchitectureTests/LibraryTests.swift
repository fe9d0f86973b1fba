import Testing

/// What belongs to the command line stays in its rooms, and `Sources/kerf` stays small.
@Suite("Libraries and the command line")
struct LibraryTests {
    private var libraries: [SourceTree.File] {
        get throws { try SourceTree.files.get().filter { !Room.commandLine.contains($0.module) } }
    }

    @Test("libraries print nothing") func librariesPrintNothing() throws {
        let prints = /(^|[^.\w])(print|puts|fputs|printf|fprintf|debugPrint)\(|FileDescriptor\.standardOutput/
        for file in try libraries {
            for (line, text) in file.code {
                #expect(text.firstMatch(of: prints) == nil, "\(file.path):\(line): a library must not print")
            }
        }
    }

    /// Text that only looks like an option of Kerf, or that a helper process of Kerf is started with.
    private static let allowed: [(text: String, reason: String)] = [
        ("iperf3 --", "an option of iperf3"),
        ("--bidir", "an option of iperf3"),
        ("--reverse", "an option of iperf3"),
        ("cpupower frequency-", "an option of cpupower"),
        ("llama-gguf-split --", "an option of llama.cpp's tool"),
        ("\"--root\", directory.string", "arguments of the board's own process"),
        ("[FrequencyWatchdog.command, \"--root\"", "arguments of the watchdog's own process"),
        ("[ProgramMeter.launchCommand, \"--parent\"", "arguments of the process that becomes a meter program"),
        ("\"--c\\($0.offset)", "a variable of a style sheet"),
    ]

    /// Literals only: a comment may name an option.
    @Test("libraries know no option") func librariesKnowNoOption() throws {
        let option = /"[^"]*(--[a-z][a-z-]*)/
        for file in try libraries {
            for (line, text) in file.code where !Self.allowed.contains(where: { text.contains($0.text) }) {
                let found = text.firstMatch(of: option)?.1
                #expect(
                    found == nil,
                    "\(file.path):\(line): names \(found ?? ""): make it a case of Remedy, which the command line turns into words"
                )
            }
        }
    }

    @Test("each exemption is needed") func exemptionsAreNeeded() throws {
        let code = try libraries.flatMap { $0.code.map(\.text) }
        for (text, reason) in Self.allowed {
            #expect(code.contains { $0.contains(text) }, "no library holds \(text) (\(reason)) any more")
        }
    }

    @Test("Sources/kerf has at most 2,600 lines") func commandLineIsSmall() throws {
        let files = try SourceTree.files.get().filter { $0.module == "kerf" }
        let lines = files.reduce(0) { $0 + $1.lines.count - ($1.lines.last?.isEmpty == true ? 1 : 0) }
        #expect(!files.isEmpty && lines <= 2600, "\(lines) lines")
    }
}
