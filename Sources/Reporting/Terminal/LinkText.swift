import CARD
import Quantities
import SystemIO

extension LinkProfile {
    /// The laws, then the table of medians. The first line says whether the link was shaped.
    package var report: String {
        var text =
            shape == nil
            ? "link to \(PlainText.shown(server)), measured over Kerf's channel\n"
            : "SIMULATED (shaped channel): link to \(PlainText.shown(server))\n"
        let facts = [
            "round trip \(NumberText.si(roundTripSeconds, "s"))", socket.tlsVersion ?? "no TLS",
            socket.congestionControl.map { "TCP \($0)" },
        ]
        text += facts.compactMap { $0 }.joined(separator: ", ") + "\n\n"
        var laws = TextTable([
            .init("direction", .left), .init("after", .left), .init("rate"), .init("latency"),
            .init("largest residual"),
        ])
        for law in self.laws {
            let residuals = law.points.compactMap(\.residualRatio).map(abs)
            laws.append([
                law.direction.rawValue, law.condition == .cold ? "idle" : "a transfer",
                NumberText.si(law.bitsPerSecond, "bit/s"), NumberText.si(law.latencySeconds, "s"),
                residuals.max().map { NumberText.percent($0) } ?? "n/a",
            ])
        }
        text += laws.text + "\n"
        var table = TextTable(
            [.init("size", unit: "bytes")]
                + self.laws.map { .init("\($0.direction.rawValue), \($0.condition.rawValue)") }
                + [.init("count")])
        for bytes in Set(self.laws.flatMap(\.points).map(\.bytes)).sorted() {
            let points = self.laws.map { law in law.points.first { $0.bytes == bytes } }
            table.append(
                ["\(bytes)"] + points.map { $0.map { NumberText.si($0.timeSeconds, "s") } ?? "n/a" }
                    + ["\(points.compactMap { $0?.timeSeconds.count }.min() ?? 0)"])
        }
        text += table.text
        return text + (warnings.isEmpty ? "" : "\n" + warnings.map { "warning: \(PlainText.shown($0))\n" }.joined())
    }
}
