import CARD
import Quantities

/// A measured link: time over size in both directions, cold and warm.
struct LinkSection {
    let link: LinkProfile

    func section(named name: String) -> Section {
        let facts = [
            "round trip \(NumberText.si(link.roundTripSeconds, "s"))", link.socket.tlsVersion ?? "no TLS",
            link.socket.congestionControl.map { "TCP \($0)" },
        ]
        return Section(
            title: "Link \(name)",
            subtitle:
                "to \(link.server), measured until \(link.created); \(facts.compactMap(\.self).joined(separator: ", "))",
            statements: [
                link.shape == nil
                    ? .init(.good, "The link as it is, measured over Kerf's channel")
                    : .init(.caution, "SIMULATED: the channel was shaped")
            ], figures: [times], tables: [laws], remarks: link.warnings)
    }

    private func name(_ law: LinkLaw) -> String {
        "\(law.direction.rawValue), after \(law.condition == .cold ? "idle time" : "a transfer")"
    }

    private var times: Figure {
        let marks: [Series.Mark] = [.dots, .squares, .triangles, .crosses]
        var table = DataTable([
            .init("direction", field: "laws[i].direction, .condition", isText: true),
            .init("bytes", field: "laws[i].points[j].bytes"), .init("time", field: "laws[i].points[j].time_seconds"),
            .init("residual of the law", field: "laws[i].points[j].residual_ratio"),
        ])
        let series = link.laws.enumerated().map { place, law in
            for point in law.points {
                table.append([
                    name(law), "\(point.bytes)", DataTable.cell(point.timeSeconds, "s"),
                    DataTable.percent(point.residualRatio),
                ])
            }
            return Series(
                name(law), color: place % 7, marks[place % marks.count],
                law.points.compactMap { point in
                    point.timeSeconds.value.map {
                        Series.Point(
                            Double(point.bytes), $0, lower: point.timeSeconds.lower, upper: point.timeSeconds.upper)
                    }
                })
        }
        return Figure(
            "Time of a transfer",
            "One way, by size, \(link.origin.rawValue): medians with their intervals. What does not shrink with the size is "
                + "latency.",
            Plot(x: Axis("size", unit: "B", .logarithmic), y: Axis("time", unit: "s", .logarithmic), series: series),
            table)
    }

    private var laws: (title: String, table: DataTable) {
        var table = DataTable([
            .init("direction", field: "laws[i].direction, .condition", isText: true),
            .init("rate", field: "laws[i].bits_per_second"), .init("latency", field: "laws[i].latency_seconds"),
        ])
        for law in link.laws {
            table.append([
                name(law), DataTable.cell(law.bitsPerSecond, "bit/s"), DataTable.cell(law.latencySeconds, "s"),
            ])
        }
        return ("T(bytes) = latency + bytes / rate", table)
    }
}
