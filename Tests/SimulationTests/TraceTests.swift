import SystemIO
import Testing

@testable import Simulation

/// Traces as they are recorded: with outages, coarse clocks, and the encodings of other programs.
@Suite("Recorded traces")
struct TraceTests {
    private func refusal(_ text: String) throws -> String {
        let error = try #require(throws: KerfError.self) { try Trace(csv: text, named: "t.csv") }
        #expect(error.code.category == .badData)
        return error.description
    }

    @Test(
        "marks, line ends, blank lines and headings are read over",
        arguments: [
            "0,1e6\n1,2e6\n", "\u{FEFF}0,1e6\n1,2e6\n", "0,1e6\r\n1,2e6\r\n\r\n", "0,1e6\r1,2e6",
            "0,1e6\n\n1,2e6\n \n\n",
            "time,bps\n0,1e6\n1,2e6", "\u{FEFF}time,bps\n0,1e6\n1,2e6\n", "\"t (s)\",\"rate_5g\"\n0,1e6\n1,2e6\n",
            "# drive 3, car\n# bit/s\nseconds,Rate\n0,1e6\n1,2e6\n", "  0 , 1000000 \n\t1\t,2e+6\n",
            "s,bit/s\n0,1e6\n1,2e6", "time_seconds,throughput_bps\n0,1e6\n1,2e6",
        ])
    func reads(_ text: String) throws {
        let trace = try Trace(csv: text, named: "t.csv")
        #expect(trace.timesSeconds == [0, 1] && trace.uplinkBitsPerSecond == [1e6, 2e6])
        #expect(trace.notes.isEmpty && !trace.hasOutages)
        // The same as spreadsheets and PowerShell save it.
        let marked = text.hasPrefix("\u{FEFF}") ? text : "\u{FEFF}" + text
        for lowByteFirst in [true, false] {
            let bytes = marked.utf16.flatMap { unit in
                lowByteFirst ? [UInt8(unit & 0xFF), UInt8(unit >> 8)] : [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            }
            #expect(try Trace(csv: bytes, named: "t.csv") == trace)
        }
    }

    @Test(
        "a first line that is not recognizably a heading is refused, never left out",
        arguments: [
            "0,1O00000", "O,1000000", "O,lOOOOOO", "o,I0", "a0,1000000", "0,x", "x0,x1000000", "nan,nan", "NA,NA",
            "1e400,1", "0x10,1000000", "0;1000000", "time;bps", "title", ",", "time,", "0,1 000 000",
            "time,up,down,rsrp",
        ])
    func firstLines(_ line: String) throws {
        for mark in ["", "\u{FEFF}"] {
            let says = try refusal("\(mark)\(line)\n1,2000000\n2,2000000\n3,2000000\n")
            #expect(says.hasPrefix("t.csv: line 1 is "), "\(says)")
        }
    }

    @Test(
        "other faults are refused with their line",
        arguments: [
            ("0,1e6\n1,-3\n", "line 2 has a negative rate"), ("0,1e6\n1,nan\n", "line 2 is \"1,nan\""),
            ("0,1e6\n1\n", "line 2 is"), ("0,1e6\n1,2,3,4\n", "line 2 is"),
            ("0,1e6\n1,1e6\n0.5,1e6\n", "line 3 goes back"),
            ("0,1e6\n1,1e6\ntime,bps\n", "line 3 is"), ("0,1e6\n1,0.5\n", "line 2 has a rate of 0.5 bit/s"),
            ("0,1e6\n1e16,1e6\n", "line 2 has a time"), ("t,b\n0,1e6\n1,1\u{0}\n", "line 3 holds a byte of zero"),
            ("", "two times"), ("0,1e6\n", "two times"), ("0,1e6\n0,1e6\n", "two times"),
            ("0,0\n1,0\n2,1e6\n", "no sample before the last has a rate above 0"),
            ("0,0,1e6\n1,1e6,0\n2,1e6,1e6\n", "no sample before the last"),
            ("0,1e6\n1,1e6,2e6\n2,1e6\n", "line 2 has 3 columns, but the line before it 2"),
            ("time,bps\n0,1e6,2e6\n1,1e6,2e6\n", "line 2 has 3 columns"),
            ("0,20.5\n1,30\n", "the highest rate is 30.0 bit/s, below 1 kbit/s"),
            ("version https://git-lfs.github.com/spec/v1\nsize 1\n", "is a Git LFS pointer"),
        ])
    func faults(_ text: String, says: String) throws {
        let found = try refusal(text)
        #expect(found.hasPrefix("t.csv: ") && found.contains(says), "\(found)")
    }

    @Test(
        "column names that say another unit or order than the format's are refused, never ignored",
        arguments: [
            ("time,Mbps", "another unit than bit/s, \"Mbps\""), ("t (s),rate (Mbit/s)", "\"rate (Mbit/s)\""),
            ("time,kbps", "another unit than bit/s"), ("time,bandwidthMbps", "another unit than bit/s"),
            ("time,up_kbit,down_kbit", "\"up_kbit\""), ("s,up (bit/s),down (kB/s)", "\"down (kB/s)\""),
            ("time,B/s", "another unit than bit/s"), ("time,bytes_per_second", "another unit than bit/s"),
            ("time_ms,bps", "another unit than seconds, \"time_ms\""),
            ("timestamp (ms),bps", "another unit than seconds"), ("timeMs,bps", "another unit than seconds"),
            ("\"minutes\",\"bps\"", "another unit than seconds, \"minutes\""),
            ("time,down,up", "the downlink before the uplink"), ("s,DL_bitrate,UL_bitrate", "the downlink before"),
            ("bps,time", "names \"bps\" before the time"), ("up,down", "names \"up\" before the time"),
        ])
    func headings(_ line: String, says: String) throws {
        let rates = line.count(where: { $0 == "," }) == 2 ? "2e7,8e7" : "2e7"
        let found = try refusal("# drive\n\(line)\n0,\(rates)\n1,\(rates)\n")
        #expect(found.hasPrefix("t.csv: line 2 names ") && found.contains(says), "\(found)")
    }

    @Test("bytes that are no text are refused with their line")
    func encodings() {
        let error = #expect(throws: KerfError.self) {
            try Trace(csv: Array("0,1e6\n1,".utf8) + [0xFF, 0x0A], named: "t.csv")
        }
        #expect(error?.description.contains("line 2 is not UTF-8") == true)
        let odd = #expect(throws: KerfError.self) { try Trace(csv: [0xFF, 0xFE, 0x30], named: "t.csv") }
        #expect(odd?.description.contains("is not UTF-16") == true)
    }

    @Test("samples of one time are averaged, and the trace says how many")
    func repeatedTimes() throws {
        let trace = try Trace(csv: "0,1e4,3e4\n0,2e4,5e4\n1,4e4,6e4\n2,0,0\n2,8,8\n2,4,4\n3,1,1\n", named: "t.csv")
        #expect(trace.timesSeconds == [0, 1, 2, 3])
        #expect(trace.uplinkBitsPerSecond == [15e3, 40e3, 4, 1] && trace.downlinkBitsPerSecond == [40e3, 60e3, 4, 1])
        #expect(trace.notes == ["Trace t.csv: 7 samples have 4 times; the rates of one time are averaged."])
    }

    @Test("a round waits for the end of an outage of either direction; the trace repeats")
    func outages() throws {
        let trace = try Trace(
            csv: "10,1e6,2e6\n11,0,2e6\n12,1e6,0\n14,3e6,4e6\n15,0,0\n16,9e6,9e6\n", named: "t.csv")
        func sending(_ seconds: Double) -> [Double] {
            let (index, wait) = trace.sending(at: seconds)
            return [trace.timesSeconds[index], wait]
        }
        #expect(sending(0.5) == [10, 0] && sending(4) == [14, 0])
        #expect(sending(1) == [14, 3] && sending(2.5) == [14, 1.5])
        // The last sample only ends the one before it.
        #expect(sending(5.25) == [10, 0.75] && sending(6 + 1.5) == [14, 2.5])
        #expect(trace.hasOutages && trace.notes.count == 1)
        let note = trace.notes.first ?? ""
        #expect(note.hasPrefix("Trace t.csv: 3 of 6 times are outages (a rate of 0), 66.7 % of its"), "\(note)")
    }

    @Test("the wait is delay, for every cut the same")
    func waits() throws {
        let trace = try Trace(csv: "0,1e6\n1,0\n3,1e6\n", named: "t.csv")
        let lanes = Lanes(first: 0, count: 500)
        let kernel = ChannelKernel(.trace(trace, roundSeconds: 1), seed: 2)
        kernel.place(lanes)
        kernel.fill(lanes, round: 0)
        #expect(kernel.hasOutages)
        var waiting = 0
        for lane in 0..<lanes.count {
            lanes[.delay][lane] = 5
            #expect(abs(lanes[.up][lane] * 1e6 - 1) < 1e-12 && (0...2).contains(lanes[.wait][lane]))
            if lanes[.wait][lane] > 0 { waiting += 1 }
        }
        lanes.addWaits()
        #expect((0..<lanes.count).allSatisfy { lanes[.delay][$0] == 5 + lanes[.wait][$0] })
        // Two of three seconds are an outage.
        #expect((280...390).contains(waiting), "\(waiting)")
        #expect(!ChannelKernel(.radio(.cell), seed: 1).hasOutages)
    }
}
