import CARD
import ProfileFormat
import Quantities
import Reporting
import SystemIO
import TestSupport
import Testing

@testable import CollectedFiles

@Suite("A fleet as text")
struct FleetTextTests {
    private let fleet: PlantedFleet

    init() throws { fleet = try PlantedFleet() }

    /// The words of a box's line in each table.
    private func lines(_ name: String, of text: String) -> [[Substring]] {
        text.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.first == Substring(name) }
    }

    @Test("two tables with a line for each box, then problems with remedies, then notes") func tables() throws {
        var planted = SyntheticProfile()
        let server = try fleet.write("edge", planted)
        planted.blockSeconds = 0.05
        try fleet.write("phone", planted)
        var (unmetered, blind) = (planted, PlantedDoctor())
        (unmetered.origin, blind.meter, blind.kernel) = (.unavailable, nil, "6.12.1")
        try fleet.write("pi", unmetered, doctor: blind)
        try fleet.write(
            CollectionStatus(outcome: .unreachable, error: "No route to host", time: "2026-01-02T00:00:00Z"), of: "off")
        let view = try fleet.view(FleetDecider(server: server, named: "edge.json", link: try PlantedFleet.link()))
        let text = view.report
        #expect(
            text.hasPrefix(
                "SIMULATED: energies of edge, phone come from no meter\n4 boxes: 2 fine, 1 with problems, 1 unreachable\n\n"
            ))
        #expect(lines("edge", of: text).count == 2 && lines("edge", of: text)[1].last == "server")
        #expect(lines("off", of: text)[0].dropFirst().first == "UNREACHABLE")
        #expect(lines("off", of: text)[0].dropFirst(2).allSatisfy { $0 == "n/a" })
        #expect(lines("pi", of: text)[0].joined(separator: " ") == "pi PROBLEM Planted CPU 2 6.12.1 time alone")
        #expect(lines("pi", of: text)[1].contains("changed"))
        #expect(lines("phone", of: text)[1].contains("10.0") && lines("phone", of: text)[1].contains("yes"))
        #expect(text.contains("\nwork A: planted-4, batch 2, sequence 128, LoRA rank 8 on q,v, f32\n"))
        #expect(text.contains("\ncuts decided with edge.json: CARD level E, weight of delay 0.2, 10 steps per round"))
        #expect(text.contains("\nproblem: off: the box did not answer: No route to host; see that it is on"))
        #expect(
            text.contains("\nproblem: pi: the box has changed since: kernel was 6.1.0, is 6.12.1; profile it and "))
        #expect(text.contains("\nnote: pi: time alone, no energy: powercap is absent; load intel_rapl_common"))
        #expect(text.contains("\nnote: edge, phone: energies are simulated"))
        #expect(view.problemLine == "2 of 4 boxes have problems: off, pi")
        let widths = text.split(separator: "\n").filter { !$0.contains(": ") }.map { PlainText.width(of: String($0)) }
        #expect(widths.allSatisfy { $0 <= 100 }, "\(text)")
    }

    @Test("what is missing has its reason once, and nothing is shown as zero") func missing() throws {
        try fleet.tree.directory("none")
        try fleet.write("pi", doctor: nil)
        let view = try fleet.view()
        let text = view.report
        #expect(text.contains("\nproblem: none: the box's folder has no file of Kerf's; collect from the box again\n"))
        #expect(
            text.contains(
                "\nnote: none: processor, meter, closure, rejected share, calibration, sameness of the box, cut, workload n/a: there is no calibration and no profile\n"
            ), "\(text)")
        #expect(text.contains("whether the box has changed is not known: there is no doctor's report"))
        #expect(text.contains("\nnote: pi: rejected share n/a: the profiles are of a version that does not say\n"))
        #expect(lines("none", of: text)[1].dropFirst().allSatisfy { $0 == "n/a" })
    }

    @Test("a fine fleet has nothing to do") func fine() throws {
        try fleet.write("pi")
        let view = try fleet.view()
        #expect(view.problemLine == nil && view.headline == "1 box: 1 fine" && !view.report.contains("problem: "))
    }

    @Test("names and errors from outside stay text") func hostileTexts() throws {
        try fleet.write("pi") { profile in
            profile.box.cpuModel = "CPU \u{1b}[31m\u{202e}"
            profile.model.name = "model\u{7}\n<b>"
        }
        try fleet.write(
            CollectionStatus(outcome: .failed, step: "a\u{1b}[2J", error: "b\u{9b}31m", time: "\u{0}"), of: "bad")
        let text = try fleet.view().report
        #expect(text.contains("a?[2J: b?31m") && text.contains("model??<b>"))
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || PlainText.isPlain(String($0)) })
    }

    @Test("the page has a statement for each finding, and the tables hold every box")
    func otherForms() throws {
        try fleet.write("pi")
        try fleet.write(CollectionStatus(outcome: .unreachable, time: "2026-01-02T00:00:00Z"), of: "off")
        let bytes = try KerfJSON.encode(fleet.view())
        let report = HTMLReport([try ReportSource(bytes, named: "fleet.json")])
        #expect(report.verdictText.contains("FAILS: off: the box did not answer"))
        #expect(report.text.contains("<td class='t'>unreachable</td>"))
        let export = try CSVExport(bytes, named: "fleet.json")
        let boxes = try #require(export.tables.first { $0.name == "boxes" })
        #expect(boxes.rowCount == 2 && export.tables.contains { $0.name == "findings" && $0.rowCount > 0 })
    }
}
