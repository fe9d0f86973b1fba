import Foundation
import Testing

/// Every command that the manual shows is run, and its output compared where the page says how.
///
/// `make docs` writes the outputs into the pages; with `KERF_UPDATE_DOCS=full` also those of commands that are shortened
/// otherwise, which takes minutes and wants a quiet box.
@Suite(.serialized) struct DocumentationTests {
    private enum Update: String {
        case quick = "1"
        case full
    }

    private static let update = ProcessInfo.processInfo.environment["KERF_UPDATE_DOCS"].flatMap(Update.init)

    @Test(arguments: Manual.names.filter { !Manual.pagesWithoutCommands.contains($0) })
    func commandsRunAsShown(name: String) throws {
        let page = try Manual.page(name)
        let outcomes = try PageRun(page: page, length: Self.update == .full ? .full : .quick).outcomes()
        #expect(!outcomes.isEmpty)
        for fault in PageFaults(page: page, outcomes: outcomes).all(comparingOutput: Self.update == nil) {
            Issue.record("\(fault)")
        }
        if Self.update != nil {
            let text = try PageUpdate(page: page, outcomes: outcomes, isFull: Self.update == .full).text()
            try text.write(to: PageRun.repository.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
    }

    @Test func onlyListedPagesShowNoCommand() throws {
        let silent = try Manual.names.filter { try Manual.page($0).commandsThatAlwaysRun.isEmpty }
        #expect(Set(silent) == Manual.pagesWithoutCommands)
    }

    /// A command in a block of another language would not be run.
    @Test(arguments: Manual.names.filter { !Manual.generatedPages.contains($0) })
    func commandsStandInBlocksThatAreRun(name: String) throws {
        let page = try Manual.page(name)
        for block in page.blocks where block.language != "console" && block.directives.file == nil {
            let commands = page.text(block.body).filter {
                $0.hasPrefix("$ ") || $0.hasPrefix("kerf ") || $0.hasPrefix("make ")
            }
            #expect(commands.isEmpty, "\(name):\(block.body.lowerBound)")
        }
    }

    @Test func generatedPagesAreThoseOfTheSchemasAndTheHelp() throws {
        let (status, output) = try run(
            "python3", "Scripts/make-reference.py", "--check", "--kerf",
            PageRun.programs.appendingPathComponent("kerf").path)
        #expect(status == 0, "\(output)")
    }

    @Test(arguments: Manual.names) func linksLeadSomewhere(name: String) throws {
        let page = try Manual.page(name)
        for (line, target) in PageLinks(page: page).relative {
            let fault = PageLinks.fault(of: target, on: page)
            #expect(fault == nil, "\(name):\(line): \(target): \(fault ?? "")")
        }
    }

    @Test func readmeIsShort() throws {
        #expect(try Manual.page("README.md").lines.count <= 151, "150 lines, and the end of the last")
    }

    private func run(_ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = PageRun.repository
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
