import Reporting

/// How the doctor writes CPU numbers and aligns text.
enum DoctorFormat {
    /// Rows of texts with each column padded to its widest: a table without a heading.
    static func columns(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        var table = TextTable(Array(repeating: TextTable.Column("", .left), count: count))
        for row in rows { table.append(row) }
        return Array(table.lines.suffix(rows.count))
    }

    /// CPU numbers as the kernel writes them: `0-3,8`.
    static func ranges(_ cpus: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for cpu in cpus.sorted() {
            if let last = runs.last, cpu <= last.upperBound + 1 {
                runs[runs.count - 1] = last.lowerBound...max(cpu, last.upperBound)
            } else {
                runs.append(cpu...cpu)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
