/// Where a page does not show what its commands do.
struct PageFaults {
    let page: ManualPage
    let outcomes: [PageRun.Outcome]

    /// One sentence each, with the page's line.
    func all(comparingOutput: Bool = true) -> [String] {
        outcomes.compactMap { outcome in
            let place = "\(page.name):\(outcome.command.line)"
            guard let status = outcome.status else {
                return "\(place): not run, as a command before it failed: \(outcome.command.text)"
            }
            guard status == outcome.directives.status else {
                let said = outcome.errors.isEmpty ? outcome.output.suffix(10).joined(separator: "\n") : outcome.errors
                return "\(place): exit status \(status) of: \(outcome.command.text)\n\(said)"
            }
            guard comparingOutput, let comparison = outcome.directives.comparison,
                !ShownOutput(shown: page.text(outcome.command.output)).matches(outcome.output, by: comparison)
            else { return nil }
            return "\(place): another output of: \(outcome.command.text)\n"
                + outcome.output.joined(separator: "\n")
        }
    }
}

/// A page with the outputs of its commands written anew.
struct PageUpdate {
    let page: ManualPage
    let outcomes: [PageRun.Outcome]
    /// Whether shortened commands were run in full length.
    let isFull: Bool

    /// - Throws: ``ManualPage/Malformed`` where lines between two elisions are nowhere in the output.
    func text() throws -> String {
        var lines = page.lines
        // From the end, so that the lines before stay where they are.
        for outcome in outcomes.reversed() {
            let (command, directives) = (outcome.command, outcome.directives)
            guard outcome.status == directives.status, isFull || directives.quick.isEmpty,
                // A page that shows no output and compares none wants none.
                !command.output.isEmpty || directives.comparison != nil
            else { continue }
            // Empty lines at the end of a block are not the output's.
            guard let updated = ShownOutput(shown: page.text(command.output)).updated(to: outcome.output) else {
                throw ManualPage.Malformed(
                    description: "\(page.name):\(command.line): the lines between two elisions are gone; edit by hand")
            }
            lines.replaceSubrange(command.output, with: updated)
        }
        return lines.joined(separator: "\n")
    }
}
