import ProbeKit
import Statistics
import SystemIO
import TestSupport
import Testing

@testable import MeterProgram

@Suite("Lines of a meter program")
struct MeterLineTests {
    private func line(_ text: String) throws(KerfError) -> MeterLine { try MeterLine(Array(text.utf8)) }

    @Test func samplesAndHeadersAreRead() throws {
        #expect(try line(#"{"watts": 21.5}"#) == .sample(.init(kind: .watts, value: 21.5)))
        #expect(
            try line(#"{"time": 1700000000.25, "joules": 12, "unit": "?"}"#)
                == .sample(.init(seconds: 1_700_000_000.25, kind: .joules, value: 12)))
        #expect(try line(#" {"watts": 0, "time": -3} "#) == .sample(.init(seconds: -3, kind: .watts, value: 0)))
        #expect(
            try line(#"{"name": "Plug S", "domain": "wall", "interval_seconds": 1}"#)
                == .header(.init(name: "Plug S", domain: "wall", intervalSeconds: 1)))
        #expect(try line(#"{"domain": "rack-2.pdu_1"}"#) == .header(.init(domain: "rack-2.pdu_1")))
    }

    @Test(arguments: [
        "", "21.5", "null", "[]", "{}", "{", "watts", #"{"watts": NaN}"#, #"{"watts": "21"}"#, #"{"watts": true}"#,
        #"{"watts": -1}"#, #"{"watts": 1e6}"#, #"{"watts": 1e999}"#, #"{"watts": 1, "joules": 2}"#,
        #"{"joules": -0.5}"#, #"{"joules": 1e300}"#, #"{"time": 1}"#, #"{"time": 1e300, "watts": 1}"#,
        #"{"time": "now", "watts": 1}"#, #"{"name": ""}"#, #"{"name": 5}"#, #"{"domain": "the wall"}"#,
        #"{"domain": "pa\u001bck"}"#, #"{"name": "pl\u202eug"}"#, #"{"interval_seconds": 0}"#,
        #"{"interval_seconds": 3600}"#, #"{"watts": 1}{"watts": 2}"#,
    ])
    func whatIsNoSampleIsRefused(_ text: String) {
        let error = #expect(throws: KerfError.self) { try line(text) }
        #expect(error?.code == .invalidReading && error?.message.isEmpty == false)
        #expect(error.map { PlainText.isPlain($0.message) } == true)
    }

    @Test func aLongLineIsRefusedBeforeItIsRead() {
        let long = #"{"watts": 1, "note": ""# + String(repeating: "x", count: 5000) + #""}"#
        #expect(throws: KerfError.self) { try line(long) }
    }

    /// Whatever comes is a sample in range, a header that can be shown, or an error of one line.
    @Test func damagedLinesAreRefusedOrInRange() throws {
        let good = [
            #"{"time": 12.5, "watts": 21.4}"#, #"{"joules": 123456.75, "time": 1700000000.5}"#,
            #"{"name": "Plug", "domain": "wall", "interval_seconds": 0.5}"#,
        ]
        var random = SeededGenerator(seed: 8)
        var (accepted, refused) = (0, 0)
        for round in 0..<4000 {
            var bytes = Array(good[round % good.count].utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1:
                    bytes.insert(Array("0123456789eE+-.,:\"{}[]\\".utf8).randomElement(using: &random) ?? 0, at: place)
                default: bytes.remove(at: place)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            do throws(KerfError) {
                accepted += 1
                switch try MeterLine(bytes) {
                case .sample(let sample):
                    #expect((0...1e12).contains(sample.value) && abs(sample.seconds ?? 0) <= 1e11)
                case .header(let header):
                    #expect(PlainText.isPlain((header.name ?? "") + (header.domain ?? "")))
                    #expect((0...10).contains(header.intervalSeconds ?? 1))
                }
            } catch {
                refused += 1
                #expect(!error.description.contains("\n"))
            }
        }
        #expect(accepted - refused > 100 && refused > 1000)
    }

    @Test func bytesAreDividedIntoLines() {
        var splitter = LineSplitter(maximumBytes: 8)
        #expect(splitter.lines(adding: Array("ab".utf8)).isEmpty)
        #expect(
            splitter.lines(adding: Array("c\r\n\n  \nde\nf".utf8)).map { String(decoding: $0, as: UTF8.self) } == [
                "abc", "de",
            ])
        #expect(splitter.ended() == Array("f".utf8) && splitter.ended() == nil)
        let long = splitter.lines(adding: Array((String(repeating: "x", count: 100_000) + "\ny\n").utf8))
        #expect(long.map(\.count) == [9, 1], "one byte too many shows that it is too long")
    }
}

@Suite("What a meter program has said")
struct MeterLinesTests {
    private func instant(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(seconds * 1e9)) }

    private func said(_ texts: [String], every seconds: Double = 1) -> MeterLines {
        var lines = MeterLines(of: "plug.py", at: instant(0))
        for (place, text) in texts.enumerated() {
            lines.add(Array(text.utf8), arrival: instant(seconds * Double(place + 1)))
        }
        return lines
    }

    @Test func aHeaderComesFirstAndSamplesFollow() {
        let lines = said([#"{"name": "Plug"}"#, #"{"watts": 1}"#, #"{"watts": 2}"#, #"{"name": "Other"}"#])
        #expect(lines.header?.name == "Plug" && lines.series?.sampleCount == 2)
        #expect(lines.refusedCount == 1 && lines.failure == nil)
    }

    @Test func aFewLinesOfNonsenseAreCounted() {
        let noise = Array(repeating: "# connecting", count: MeterLines.maximumRefusedInARow - 1)
        let lines = said(noise + [#"{"watts": 1}"#] + noise + [#"{"watts": 2}"#])
        #expect(lines.refusedCount == 2 * noise.count && lines.failure == nil && lines.series?.sampleCount == 2)
    }

    @Test func moreOfThemEndItAndTheLastIsShownSafely() throws {
        let lines = said([#"{"watts": 1}"#] + Array(repeating: "\u{1B}[2Jcleared", count: 5))
        let failure = try #require(lines.failure)
        #expect(failure.message.contains("plug.py") && failure.message.contains("?[2Jcleared"))
        #expect(!failure.message.contains("\u{1B}") && failure.remedy != nil)
    }

    @Test(arguments: [#"{"joules": 3}"#, #"{"watts": 3}"#, #"{"time": 9, "joules": 1}"#])
    func whatDiffersFromTheFirstSampleIsRefused(_ text: String) {
        let lines = said([#"{"time": 1, "watts": 1}"#, text])
        #expect(lines.refusedCount == 1 && lines.series?.sampleCount == 1)
    }

    @Test func aProgramThatRepeatsASampleIsSilent() {
        let lines = said(Array(repeating: #"{"time": 5, "watts": 1}"#, count: 9))
        #expect(lines.heard == instant(1) && lines.series?.repeatedCount == 8 && lines.failure == nil)
    }

    @Test func aFloodIsRefused() {
        var lines = said([])
        for place in 0...MeterLines.maximumLinesPerSecond {
            lines.add(Array(#"{"watts": 1}"#.utf8), arrival: instant(5 + 1e-5 * Double(place)))
        }
        #expect(lines.failure?.message.contains("lines a second") == true)
    }
}
