import CARD
import Calibration
import Foundation
import ProfileFormat
import Quantities
import Simulation
import SystemIO
import TestSupport
import Testing

@testable import Reporting

/// Whole pages.
@Suite("HTML report")
struct HTMLReportTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Corpus")

    private static func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: corpus.appendingPathComponent(folder).path)
            .filter { $0.hasSuffix(".json") }.sorted().map { corpus.appendingPathComponent("\(folder)/\($0)").path }
    }

    private static func source(_ file: some KerfFile, named name: String) throws -> ReportSource {
        try ReportSource(KerfJSON.encode(file), named: name)
    }

    private static func source(_ profile: Profile) throws -> ReportSource { try source(profile, named: "profile.json") }

    /// Checks what every page has to be.
    @discardableResult
    private func outline(_ sources: [ReportSource]) throws -> PageOutline {
        let report = HTMLReport(sources)
        let text = report.text
        #expect(text == HTMLReport(sources).text)
        let page = PageOutline(text)
        try #require(page.fault == nil, "\(page.fault ?? "")")
        // No markup was taken for text.
        #expect(!text.contains("Markup(html") && !text.contains("&lt;ul") && !text.contains("&lt;li"))
        // Nothing is loaded, and nothing runs.
        #expect(page.all("script").isEmpty && page.all("img").isEmpty && page.all("link").isEmpty)
        for element in page.elements {
            for (name, value) in element.attributes {
                #expect(!name.hasPrefix("on") && name != "src")
                if name == "href" { #expect(value.hasPrefix("#")) }
            }
        }
        #expect(!text.contains("://") && !text.contains("url("))
        let identifiers = page.elements.compactMap { $0.attributes["id"] }
        #expect(Set(identifiers).count == identifiers.count)
        for figure in page.all("figure") {
            let identifier = try #require(figure.attributes["id"])
            #expect(identifiers.contains(identifier + "-t") && identifiers.contains(identifier + "-d"))
        }
        // Every chart has a title, a description and a table with rows; every table's rows are as long as its head.
        let charts = page.all("svg").filter { $0.attributes["role"] == "img" }
        #expect(charts.count == page.all("figure").count && !charts.isEmpty)
        #expect(page.all("desc").allSatisfy { !$0.text.isEmpty } && page.all("desc").count == charts.count)
        #expect(page.all("details").count == charts.count)
        #expect(page.all("details").allSatisfy { $0.text.count > 40 })
        // No number of a drawing is missing.
        for path in page.all("path") {
            #expect(!(path.attributes["d"] ?? "nan").lowercased().contains("nan"))
        }
        #expect(report.summary.count == sources.count)
        return page
    }

    @Test("profiles of every version of the file make pages") func oldProfiles() throws {
        for file in try Self.files("profiles") {
            let bytes = try FileBytes.read(file, limit: KerfJSON.maximumBytes)
            let profile = try KerfJSON.decode(Profile.self, from: bytes, named: file)
            let source = try ReportSource(bytes, named: file)
            let page = try outline([source])
            #expect(page.all("h1").first?.text.contains(profile.model.name) == true)
            #expect(page.all("footer").first?.text.contains(SHA256.hexDigest(of: bytes)) == true)
        }
    }

    /// Files from before a field that is required cannot be read by any command.
    private static let unreadable = "33f0510"

    @Test("calibrations, decisions and simulations of every version make pages") func oldFiles() throws {
        for folder in ["calibrations", "decisions", "simulations"] {
            for file in try Self.files(folder) where !file.contains(Self.unreadable) {
                try outline([ReportSource(FileBytes.read(file, limit: KerfJSON.maximumBytes), named: file)])
            }
        }
    }

    @Test("the numbers of a chart's table are those of the file") func numbers() throws {
        var planted = SyntheticProfile()
        planted.origin = .measured
        let calibration = try Calibration.planted(planted)
        let page = try outline([Self.source(calibration, named: "calibration.json")])
        let tables = page.all("details").map(\.text)
        for layer in calibration.layers {
            let cell = NumberText.si(layer.forward.timeSeconds, "s")
            #expect(tables.contains { $0.contains(cell) }, "layer \(layer.description.index): \(cell)")
            let energy = NumberText.si(layer.forward.grossEnergyJoules, "J")
            #expect(tables.contains { $0.contains(energy) })
        }
        #expect(page.all("code").contains { $0.text == "layers[i].forward.time_seconds" })
    }

    @Test("every point of a chart is where its value is") func places() throws {
        var planted = SyntheticProfile()
        (planted.noise, planted.origin) = (0.001, .measured)
        let calibration = try Calibration.planted(planted)
        let figure = LayerFigures(calibration: calibration, profiles: []).times
        // The head takes 2.5 times as long as a block: with the axis at zero its mark is 2.5 times as high.
        let page = PageOutline("<svg>\(figure.drawing.html)</svg>")
        let marks = try #require(page.all(ofClass: "symbol").first { $0.attributes["class"] == "symbol c0" })
        let starts = (marks.attributes["d"] ?? "").split(separator: "M").map { part -> Double in
            Double(part.split(separator: " ").dropFirst().first?.split(separator: "a").first ?? "") ?? .nan
        }
        try #require(starts.count == 6)
        let bottom = 260 - Frame.margins.bottom
        let ratio = (bottom - starts[5]) / (bottom - starts[1])
        #expect(abs(ratio / 2.5 - 1) < 0.03, "\(starts)")
    }

    @Test(
        "names from files stay text",
        arguments: [
            "<script>alert(1)</script>", "\"'><b>x</b>", "a\u{7}\u{1b}[2J", "\u{202e}txt.lmth\u{202c}",
        ])
    func hostileNames(name: String) throws {
        var profile = SyntheticProfile().make()
        profile.model.name = name
        profile.model.weightsOrigin = name
        profile.box.cpuModel = name
        profile.box.virtualBoard = name
        profile.box.engine.name = name
        profile.meter.reason = name
        profile.rejections = [Rejection(reason: name, count: 1)]
        profile.disturbances = Disturbances(
            measurementCount: 4, measuredSeconds: 4,
            causes: [DisturbanceCause(cause: .otherLoad, count: 3, seconds: 2, otherProcessors: 1)],
            processes: [OtherProcess(command: name, processors: 1, cpuSeconds: 1)])
        let page = try outline([Self.source(profile, named: name)])
        #expect(page.all("b").isEmpty)
        let text = page.all("body").first?.text ?? ""
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .format })
    }

    @Test("a disturbance of 2 s is shaded at its place, and the table says when and why") func disturbance() throws {
        var profile = SyntheticProfile().make()
        profile.disturbances = Disturbances(
            measurementCount: 40, measuredSeconds: 80,
            causes: [DisturbanceCause(cause: .otherLoad, count: 2, seconds: 2, otherProcessors: 1)],
            rejectedIntervals: [RejectedInterval(startSeconds: 40, seconds: 2, cause: .otherLoad)])
        profile.conditions = ConditionSeries(
            seconds: (1...80).map(Double.init), otherProcessors: (1...80).map { (41...42).contains($0) ? 1 : 0 })
        let page = try outline([Self.source(profile)])
        let figure = try #require(RunTimeLine(profile: profile).figure)
        let drawing = PageOutline("<svg>\(figure.drawing.html)</svg>")
        let bands = drawing.all(ofClass: "band")
        // One in every panel: power and load; the planted steps have no times.
        #expect(bands.count == 2)
        let last = try #require(profile.idleWindows.map { $0.startSeconds + $0.seconds }.max())
        let end = max(80, last, profile.energyWindows.map { $0.startSeconds + $0.seconds }.max() ?? 0)
        let scale = Scale([0, end], from: Frame.left, to: Frame.right)
        for band in bands {
            let (x, width) = (Double(band.attributes["x"] ?? "") ?? 0, Double(band.attributes["width"] ?? "") ?? 0)
            #expect(abs(x - scale.place(40)) < 1 && abs(width - (scale.place(42) - scale.place(40))) < 1)
        }
        #expect(page.all("details").contains { $0.text.contains("rejected: load from other processes") })
        #expect(page.all("li").contains { $0.text.contains("rejected") })
    }

    @Test("a page of 32 layers is smaller than 400 KB") func size() throws {
        var planted = SyntheticProfile()
        (planted.blocks, planted.steps, planted.origin) = (30, 200, .measured)
        let source = try Self.source(planted.make())
        #expect(HTMLReport([source]).text.utf8.count < 400_000)
    }

    @Test("files that belong together make one page in the order of the data, and a stranger is told") func belonging()
        throws
    {
        var planted = SyntheticProfile()
        planted.origin = .measured
        let profile = try Self.source(planted.make())
        let calibration = try Calibrator.calibrate([
            Calibrator.Input(name: "profile.json", bytes: try KerfJSON.encode(planted.make()))
        ])
        let decider = Decider(link: try Link(parsing: "up=1gbit,down=1gbit,rtt=1ms"), weight: 0.5)
        let sha = SHA256.hexDigest(of: try KerfJSON.encode(calibration))
        let decision = try decider.decide(
            device: .init(calibration: calibration, sha256: sha), server: .init(calibration: calibration, sha256: sha))
        let sources = [
            try Self.source(decision, named: "decision.json"), try Self.source(calibration, named: "calibration.json"),
            profile,
        ]
        let page = try outline(sources)
        #expect(
            page.all("h2").map { $0.text.split(separator: " ").first } == [
                "Profile", "Calibration", "Decision", "Files",
            ])
        #expect(!HTMLReport(sources).verdictText.contains("not on this page"))
        // The samples are drawn with the calibration that was made from them, once.
        #expect(page.all("h4").count { $0.text == "Time of each layer" } == 1)
        #expect(!page.all(ofClass: "samples").isEmpty)

        planted.seed = 9
        let stranger = try Self.source(Calibration.planted(planted), named: "other.json")
        try outline([sources[0], stranger])
        let text = HTMLReport([sources[0], stranger]).verdictText
        #expect(text.contains("CAUTION: decision.json was made from 2 calibrations"), "\(text)")
    }

    @Test("the verdict comes first: origin, closure, disturbances") func verdict() throws {
        var profile = SyntheticProfile().make()
        profile.checks = nil
        profile.disturbances = Disturbances(
            measurementCount: 10, measuredSeconds: 10,
            causes: [DisturbanceCause(cause: .otherLoad, count: 5, seconds: 5, otherProcessors: 1.4)],
            processorCount: 2, processes: [OtherProcess(command: "python3 train.py", processors: 1.4, cpuSeconds: 9)])
        let text = HTMLReport([try Self.source(profile)]).verdictText
        #expect(text.contains("CAUTION: SIMULATED: energy and frequency are those of planted"))
        #expect(text.contains("OK: Closure of time"))
        #expect(text.contains("FAILS: 5 of 10 steps and windows were rejected: other processes used 1.4 of 2 CPUs"))
        #expect(text.contains("python3 train.py"))
    }
}
