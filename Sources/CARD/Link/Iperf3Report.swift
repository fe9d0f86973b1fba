import Quantities
import Statistics
import SystemIO

/// The output of `iperf3 --json`, version 3.1 or later: the rate of one TCP test, or of both directions of a `--bidir`
/// test, as seen by the client. Other fields are ignored. ``Iperf3File`` reads it.
struct Iperf3Report: Decodable {
    struct Start: Decodable {
        struct Test: Decodable {
            var `protocol`: String
            /// 1 where the server sent (`--reverse`).
            var reverse: Int
            /// A limit that the test was given, in bit/s; 0 for none.
            var targetBitrate: Double?
            /// A limit of the kernel's fair queueing, in bit/s; 0 for none.
            var fqrate: Double?
        }
        struct Server: Decodable {
            var host: String?
        }
        var testStart: Test?
        var connectingTo: Server?
        /// The client, in a file that the server of the test wrote.
        var acceptedConnection: Server?
    }
    struct Sum: Decodable {
        var bitsPerSecond: Double
        var omitted: Bool?
    }
    struct Interval: Decodable {
        var sum: Sum
        var sumBidirReverse: Sum?
    }
    struct Stream: Decodable {
        struct Sender: Decodable {
            /// Microseconds; reported by senders on Linux only.
            var meanRtt: Double?
        }
        var sender: Sender?
    }
    struct End: Decodable {
        var streams: [Stream]?
        var sumReceived: Sum?
        var sumReceivedBidirReverse: Sum?
    }
    var start: Start
    var intervals: [Interval]?
    var end: End
    var error: String?

    /// A rate in one direction.
    struct Rate {
        var isUplink: Bool
        /// Its place in the file.
        var field: String
        var bitsPerSecond: Double
        /// Half width of the 95 % interval of the mean over the test's intervals, relative to the rate. Successive
        /// intervals are correlated, so it is somewhat too narrow.
        var relativeHalfWidth: Double?
    }

    /// The rates of the test; the client is the device, so what it sends is uplink.
    var rates: [Rate] {
        let kept = (intervals ?? []).filter { $0.sum.omitted != true }
        let reversed = start.testStart?.reverse == 1
        var rates: [Rate] = []
        if let sum = end.sumReceived {
            rates.append(Self.rate(!reversed, "end.sum_received", sum, kept.map(\.sum.bitsPerSecond)))
        }
        if let sum = end.sumReceivedBidirReverse {
            rates.append(
                Self.rate(
                    reversed, "end.sum_received_bidir_reverse", sum,
                    kept.compactMap(\.sumBidirReverse?.bitsPerSecond)))
        }
        return rates
    }

    var roundTripSeconds: Double? {
        let times = (end.streams ?? []).compactMap(\.sender?.meanRtt).filter { $0 > 0 && $0.isFinite }
        return times.isEmpty ? nil : times.reduce(0, +) / Double(times.count) * 1e-6
    }

    private static func rate(_ isUplink: Bool, _ place: String, _ sum: Sum, _ intervals: [Double]) -> Rate {
        let width = intervals.count > 2 ? Estimate.mean(of: intervals)?.relativeHalfWidth : nil
        return Rate(
            isUplink: isUplink, field: place + ".bits_per_second", bitsPerSecond: sum.bitsPerSecond,
            relativeHalfWidth: width.flatMap { $0.isFinite ? $0 : nil })
    }

    /// Refuses a test that failed or that gives no link.
    ///
    /// - Throws: ``KerfError/Code/incomplete`` with file and field.
    func check(in file: Iperf3File) throws(KerfError) {
        if let error { throw file.failure(error) }
        if start.acceptedConnection != nil {
            throw file.refusal(
                "start.accepted_connection tells that the server of the test wrote it", remedy: Iperf3File.remedy)
        }
        guard let test = start.testStart, test.protocol == "TCP" else {
            let found = start.testStart.map { "is \(PlainText.quoted($0.protocol))" } ?? "is missing"
            throw file.refusal("not a TCP test: start.test_start.protocol \(found)", remedy: Iperf3File.remedy)
        }
        guard test.reverse == 0 || test.reverse == 1 else {
            throw file.refusal("start.test_start.reverse is \(test.reverse), not 0 or 1", remedy: Iperf3File.remedy)
        }
        for (name, limit) in [("target_bitrate", test.targetBitrate), ("fqrate", test.fqrate)] {
            guard let limit, limit != 0 else { continue }
            throw file.refusal(
                "start.test_start.\(name) is \(limit) bit/s, so that the rate is the test's limit and not the link's",
                remedy: Iperf3File.remedy + ", without a limit")
        }
        guard !rates.isEmpty else {
            throw file.refusal("has no end.sum_received, the rate of the test", remedy: Iperf3File.remedy)
        }
        for rate in rates where !(rate.bitsPerSecond > 0 && rate.bitsPerSecond <= 1e15) {
            let fault =
                rate.bitsPerSecond == 0 ? "0: no data arrived" : "\(rate.bitsPerSecond), not above 0 and at most 1e15"
            throw file.refusal(
                "\(rate.field) is \(fault)",
                remedy: "check the way to the server (its port, a firewall), and run the test again")
        }
        try checkIntervals(in: file)
        for (index, time) in (end.streams ?? []).map({ $0.sender?.meanRtt ?? 0 }).enumerated() where time < 0 {
            throw file.refusal(
                "end.streams[\(index)].sender.mean_rtt is \(time), below 0", remedy: "run the test again")
        }
        if let seconds = roundTripSeconds, seconds > 3600 {
            throw file.refusal(
                "end.streams.sender.mean_rtt is \(seconds) s in the mean, which no link has", remedy: Iperf3File.remedy)
        }
    }
}

extension Iperf3Report {
    /// The intervals give the spread of the rate; nothing may have been sent in one.
    private func checkIntervals(in file: Iperf3File) throws(KerfError) {
        for (index, interval) in (intervals ?? []).enumerated() {
            let sums: [(String, Sum?)] = [
                ("sum", interval.sum), ("sum_bidir_reverse", interval.sumBidirReverse),
            ]
            for (name, sum) in sums {
                guard let rate = sum?.bitsPerSecond, !(rate >= 0 && rate <= 1e15) else { continue }
                throw file.refusal(
                    "intervals[\(index)].\(name).bits_per_second is \(rate), not from 0 to 1e15",
                    remedy: "run the test again")
            }
        }
    }
}

extension Link {
    /// A measured link, from the files of one or two `iperf3 --json` runs on the device.
    ///
    /// The rates are the receivers'. The round trip is the mean that the senders' kernels saw under load, the smallest
    /// of the files. The source names the server of the test, since a rate to a public server says nothing about the
    /// edge server.
    ///
    /// - Throws: ``KerfError/Code/incomplete``: not an iperf3 file, or one of a failed test, with its name; a direction
    ///   that is missing or measured twice; files of two servers.
    public init(iperf3 files: [(name: String, bytes: [UInt8])]) throws(KerfError) {
        var reports: [Iperf3Report] = []
        for (name, bytes) in files {
            let file = try Iperf3File(bytes, named: name)
            let report = try file.report()
            try report.check(in: file)
            reports.append(report)
        }
        let names = files.map { PlainText.shown($0.name) }.joined(separator: ", ")
        let servers = reports.compactMap(\.start.connectingTo?.host)
        if let first = servers.first, let other = servers.first(where: { $0 != first }) {
            throw KerfError(
                .incomplete,
                "iperf3: one file is of the server \(PlainText.shown(first)), another of \(PlainText.shown(other))",
                remedy: "measure both directions to the server that trains")
        }
        let rates = reports.flatMap(\.rates)
        let (up, down) = (rates.filter(\.isUplink), rates.filter { !$0.isUplink })
        guard up.count == 1, down.count == 1 else {
            throw KerfError(
                .incomplete,
                "\(names): \(up.count) tests of the uplink and \(down.count) of the downlink, not one each",
                remedy: "give files of a plain and of a --reverse run, or one of a --bidir run of iperf3 3.11 or later")
        }
        guard let roundTrip = reports.compactMap(\.roundTripSeconds).min() else {
            throw KerfError(
                .incomplete, "\(names): no round trip time, which iperf3 reports on Linux only", remedy: .declaredLink)
        }
        try self.init(
            uplinkBitsPerSecond: up[0].bitsPerSecond, downlinkBitsPerSecond: down[0].bitsPerSecond,
            roundTripSeconds: roundTrip, origin: .measured,
            source: servers.first.map { "iperf3 to \($0)" } ?? "iperf3")
        uplinkRelativeHalfWidth = up[0].relativeHalfWidth
        downlinkRelativeHalfWidth = down[0].relativeHalfWidth
    }
}
