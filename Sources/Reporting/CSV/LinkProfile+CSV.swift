import CARD
import Quantities

extension LinkProfile {
    /// The tables of transfers and laws.
    var csvTables: [CSVTable] { [transferTable, pointTable, lawTable] }

    private var transferTable: CSVTable {
        typealias Row = (law: LinkLaw, point: LinkPoint, number: Int, seconds: Double)
        var columns = CSVColumns<Row>()
        columns.add("direction", "up, from the device to the server, or down") { $0.law.direction }
        columns.add("condition", "cold, after idle time, or warm") { $0.law.condition }
        columns.add("bytes", "Size of the transfer") { $0.point.bytes }
        columns.add("sample", "Number of the transfer of its kind, from 0, in the order of measurement") { $0.number }
        columns.add("seconds", "Time of the transfer, one way") { $0.seconds }
        columns.addOrigin(origin)
        var rows: [Row] = []
        for law in laws {
            for point in law.points {
                for (number, seconds) in point.sampleSeconds.enumerated() { rows.append((law, point, number, seconds)) }
            }
        }
        return columns.table("transfers", "a transfer", of: rows)
    }

    private var pointTable: CSVTable {
        typealias Row = (law: LinkLaw, point: LinkPoint)
        var columns = CSVColumns<Row>()
        columns.add("direction", "up, from the device to the server, or down") { $0.law.direction }
        columns.add("condition", "cold, after idle time, or warm") { $0.law.condition }
        columns.add("bytes", "Size of the transfers") { $0.point.bytes }
        columns.add("time", in: "seconds", "Median time of a transfer, one way") { $0.point.timeSeconds }
        columns.add("residual_ratio", "Median over the law's time, less 1") { $0.point.residualRatio }
        var rows: [Row] = []
        for law in laws {
            for point in law.points { rows.append((law, point)) }
        }
        return columns.table("points", "a size of transfers", of: rows)
    }

    private var lawTable: CSVTable {
        var columns = CSVColumns<LinkLaw>()
        columns.add("direction", "up, from the device to the server, or down") { $0.direction }
        columns.add("condition", "cold, after idle time, or warm") { $0.condition }
        columns.add("latency", in: "seconds", "Of T(bytes) = latency + bytes / rate") { $0.latencySeconds }
        columns.add("rate", in: "bits_per_second", "Of T(bytes) = latency + bytes / rate") { $0.bitsPerSecond }
        return columns.table("laws", "time over size", of: laws)
    }
}
