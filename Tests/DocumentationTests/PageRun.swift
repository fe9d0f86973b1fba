import Foundation

/// A page's commands, run in order by one shell in a folder of their own.
///
/// The folder holds links to the repository's `docs`, `Profiles`, `Scripts`, `Benchmarks` and `Python`, as a clone does. What still
/// runs in the background at the end is ended.
struct PageRun {
    enum Length {
        /// With the replacements that keep the commands short.
        case quick
        case full
    }

    struct Outcome {
        var command: ManualPage.Command
        var directives: ManualPage.Directives
        /// `nil` where a command before it failed.
        var status: Int32?
        var output: [String]
        var errors: String
    }

    /// Where the `kerf` is that is run: beside the test bundle, which is this process, unless `KERF_PROGRAMS` says where.
    static let programs: URL =
        if let folder = ProcessInfo.processInfo.environment["KERF_PROGRAMS"] {
            URL(fileURLWithPath: folder)
        } else {
            URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        }
    static let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    let page: ManualPage
    let length: Length

    /// What came of every command that was to be run, in order; those whose condition does not hold are left out.
    func outcomes() throws -> [Outcome] {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("kerf-page-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: place) }
        let notes = place.appendingPathComponent("notes")
        let folder = place.appendingPathComponent("clone")
        try FileManager.default.createDirectory(at: notes, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["docs", "Profiles", "Scripts", "Benchmarks", "Python"] {
            try FileManager.default.createSymbolicLink(
                at: folder.appendingPathComponent(name),
                withDestinationURL: Self.repository.appendingPathComponent(name))
        }
        let commands = try write(to: notes)
        try run(notes.appendingPathComponent("script").path, in: folder)
        return commands.enumerated().compactMap { index, item in
            func text(_ kind: String) -> String {
                (try? String(contentsOf: notes.appendingPathComponent("\(kind).\(index)"), encoding: .utf8)) ?? ""
            }
            let status = text("status").trimmingCharacters(in: .newlines)
            guard status != "skipped" else { return nil }
            let (output, errors) = (text("output"), text("errors"))
            // An error is what such a command shows.
            let shown = item.directives.status == 0 ? output : output + errors
            return Outcome(
                command: item.command, directives: item.directives, status: Int32(status),
                output: shown.isEmpty
                    ? [] : shown.dropLast(shown.hasSuffix("\n") ? 1 : 0).components(separatedBy: "\n"),
                errors: errors)
        }
    }

    /// Writes the page's files, its commands, and a script that runs them.
    private func write(
        to notes: URL
    ) throws -> [(command: ManualPage.Command, directives: ManualPage.Directives)] {
        var commands: [(command: ManualPage.Command, directives: ManualPage.Directives)] = []
        func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
        func path(_ kind: String, _ index: Int) -> String {
            quoted(notes.appendingPathComponent("\(kind).\(index)").path)
        }
        // With job control a job is a process group, so that its children end with it. Other signals may be blocked, as
        // they are in the thread that starts the shell.
        var script = "set -m\ntrap 'for job in $(jobs -p); do kill -KILL -- -$job; done 2>/dev/null; wait' EXIT\n"
        for (place, block) in page.blocks.enumerated() {
            let directives = block.directives
            if let name = directives.file {
                let text = page.text(block.body).joined(separator: "\n") + "\n"
                try text.write(to: notes.appendingPathComponent("file.\(place)"), atomically: true, encoding: .utf8)
                script += "cp \(path("file", place)) \(quoted(name))\n"
            }
            guard directives.isRun else { continue }
            if let condition = directives.condition {
                script += "if (\(condition)) >/dev/null 2>&1; then is_run=1; else is_run=; fi\n"
            } else {
                script += "is_run=1\n"
            }
            for command in block.commands {
                let index = commands.count
                var text = command.text
                if length == .quick {
                    for replacement in directives.quick {
                        text = text.replacing(replacement.old, with: replacement.new)
                    }
                }
                try (text + "\n").write(
                    to: notes.appendingPathComponent("command.\(index)"), atomically: true, encoding: .utf8)
                script += """
                    if [ "$is_run" ]; then
                        eval "$(cat \(path("command", index)))" \
                            >\(path("output", index)) 2>\(path("errors", index)) </dev/null
                        status=$?
                        echo $status >\(path("status", index))
                        [ $status -eq \(directives.status) ] || exit 1
                    else
                        echo skipped >\(path("status", index))
                    fi

                    """
                commands.append((command, directives))
            }
            if let awaited = directives.awaited {
                script += """
                    if [ "$is_run" ]; then
                        until (\(awaited)) >/dev/null 2>&1; do kill -0 $! 2>/dev/null || exit 1; sleep 0.05; done
                    fi

                    """
            }
        }
        try script.write(to: notes.appendingPathComponent("script"), atomically: true, encoding: .utf8)
        return commands
    }

    private func run(_ script: String, in folder: URL) throws {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = [script]
        shell.currentDirectoryURL = folder
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = Self.programs.path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
        environment["LC_ALL"] = "C.UTF-8"
        // Pages are tried beside other tests, whose load is no finding.
        environment["KERF_IGNORE_LOAD"] = "1"
        shell.environment = environment
        shell.standardInput = FileHandle.nullDevice
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
    }
}
