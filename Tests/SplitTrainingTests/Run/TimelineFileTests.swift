import CARD
import Instrumentation
import SystemIO
import Testing

@testable import SplitTraining

@Suite("A timeline that is read again") struct TimelineFileTests {
    private func read(_ lines: String...) throws -> [TimelineEntry] {
        try Timeline.entries(Array(([Timeline.header] + lines).map { $0 + "\n" }.joined().utf8), named: "t.csv")
    }

    @Test func everyKindOfLineIsRead() throws {
        #expect(
            try read(
                "device,4,8,computing,0.150000,0.230000,16.000000,", "server,4,,waiting,-0.100000,0.000000,,",
                "link,4,8,up smashed_data,0.120000,0.150000,,300000", "link,5,,down adapters,1.000000,1.000000,,7")
                == [
                    TimelineEntry(
                        subject: .device(.computing), turn: 4, step: 8, startSeconds: 0.15, endSeconds: 0.23, joules: 16
                    ),
                    TimelineEntry(subject: .server(.waiting), turn: 4, startSeconds: -0.1, endSeconds: 0),
                    TimelineEntry(
                        subject: .transfer(.up, .smashedData), turn: 4, step: 8, startSeconds: 0.12, endSeconds: 0.15,
                        bytes: 300_000),
                    TimelineEntry(
                        subject: .transfer(.down, .adapters), turn: 5, startSeconds: 1, endSeconds: 1, bytes: 7),
                ])
        #expect(try read() == [])
        let windows = "\(Timeline.header)\r\ndevice,1,1,sending,0.1,0.2,,\r\n"
        #expect(try Timeline.entries(Array(windows.utf8), named: "t.csv").count == 1)
    }

    @Test(arguments: [
        "device,4,8,computing,0.3,0.2,1,", "device,0,8,computing,0.1,0.2,1,", "device,4,0,computing,0.1,0.2,1,",
        "device,4,8,resting,0.1,0.2,1,", "box,4,8,computing,0.1,0.2,1,", "device,4,8,computing,0.1,nan,1,",
        "device,4,8,computing,0.1,1e9,1,", "device,4,8,computing,0.1,0.2,inf,", "device,4,8,computing,0.1,0.2,1",
        "link,4,8,sideways gradient,0.1,0.2,,1", "link,4,8,up gradient,0.1,0.2,,-1", "link,4,8,up,0.1,0.2,,1",
    ]) func anImpossibleLineIsNamed(line: String) {
        let failure = #expect(throws: KerfError.self) { try read("device,1,1,sending,0.1,0.2,,", line) }
        #expect(failure?.code == .malformed && failure?.message.hasPrefix("line 3 is not possible") == true)
    }

    @Test func anotherFileIsNotATimeline() {
        for text in ["", "a,b\n1,2\n", "{}"] {
            let failure = #expect(throws: KerfError.self) { try Timeline.entries(Array(text.utf8), named: "t.csv") }
            #expect(failure?.message.contains("not a timeline") == true)
        }
        let page = #expect(throws: KerfError.self) {
            try Timeline.entries(Array("<!DOCTYPE html>".utf8), named: "t.csv")
        }
        #expect(page?.message.contains("web page") == true)
    }
}
