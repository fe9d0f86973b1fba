import ProfileFormat
import Quantities
import SystemIO
import SystemPackage
import TestSupport
import Testing
import Workload

@testable import Reporting

/// CSV read by the rules of RFC 4180, apart from what wrote it.
struct ParsedCSV {
    let columns: [String]
    let rows: [[String]]

    /// A quoted cell may hold commas, line ends, and quotation marks that are doubled.
    init(_ bytes: [UInt8]) throws {
        var records: [[String]] = []
        var record: [String] = []
        var cell: [UInt8] = []
        var isQuoted = false
        var place = bytes.startIndex
        func text() -> String { String(decoding: cell, as: UTF8.self) }
        while place < bytes.endIndex {
            let byte = bytes[place]
            place += 1
            if isQuoted {
                guard byte == UInt8(ascii: "\"") else {
                    cell.append(byte)
                    continue
                }
                isQuoted = place < bytes.endIndex && bytes[place] == UInt8(ascii: "\"")
                if isQuoted {
                    cell.append(byte)
                    place += 1
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                try #require(cell.isEmpty, "a quotation mark in the middle of a cell")
                isQuoted = true
            case UInt8(ascii: ","):
                record.append(text())
                cell = []
            case UInt8(ascii: "\n"):
                records.append(record + [text()])
                (record, cell) = ([], [])
            default: cell.append(byte)
            }
        }
        try #require(!isQuoted && record.isEmpty && cell.isEmpty, "the last line has no end")
        columns = try #require(records.first)
        rows = Array(records.dropFirst())
        let count = columns.count
        for row in rows { try #require(row.count == count, "\(row)") }
    }

    func column(_ name: String) throws -> [String] {
        let index = try #require(columns.firstIndex(of: name), "no column \(name) among \(columns)")
        return rows.map { $0[index] }
    }

    func numbers(_ name: String) throws -> [Double?] { try column(name).map { $0.isEmpty ? nil : Double($0) } }
}

extension CSVExport {
    func table(_ name: String) throws -> ParsedCSV {
        try ParsedCSV(try #require(tables.first { $0.name == name }, "no table \(name)").bytes)
    }
}

@Suite("Cells of a CSV table")
struct CSVTests {
    /// Shortest forms that read as the same number, up to the ends of the range.
    @Test(arguments: [
        0, 0.1, 1.0 / 3, Double.leastNonzeroMagnitude, .greatestFiniteMagnitude, -2.5e-7, 123_456_789.123, 1e16, 2e-5,
    ])
    func numbersAreExact(number: Double) { #expect(Double(number.cell) == number) }

    @Test func plainCells() {
        #expect(Int?.none.cell == "" && Double?.some(2).cell == "2.0" && true.cell == "TRUE" && false.cell == "FALSE")
        #expect(UInt64.max.cell == "18446744073709551615" && Origin.measured.cell == "measured")
        #expect(EnergyWindow.Subject.instrumentedStep.cell == "instrumented_step")
    }

    /// What RFC 4180 quotes, what would break a line or a terminal, and what a spreadsheet would compute.
    @Test(arguments: [
        ("plain name", "plain name"), ("", "\"\""), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("\"", "\"\"\"\""), (" led by a blank", "\" led by a blank\""), ("=1+2", "=1+2"), ("@SUM(A1)", "@SUM(A1)"),
        ("-3", "-3"), ("+x", "+x"), ("two\nlines\r\n", "two?lines??"), ("tab\tand\u{1B}[31m", "tab?and?[31m"),
        ("turned \u{202E} round", "turned ? round"), ("null\u{0}", "null?"), ("Käse 検査", "Käse 検査"), ("NA", "NA"),
    ])
    func texts(text: String, cell: String) { #expect(text.cell == cell) }

    @Test func tablesReadAsWritten() throws {
        var columns = CSVColumns<(name: String, seconds: Double?)>()
        columns.add("name", "A name") { $0.name }
        columns.add("time_seconds", "A time") { $0.seconds }
        let rows: [(name: String, seconds: Double?)] = [("a,\"b\"", 0.1), ("=c", nil), ("", 0)]
        let table = columns.table("times", "a time", of: rows)
        #expect(table.rowCount == 3 && table.fileName == "times.csv")
        let parsed = try ParsedCSV(table.bytes)
        #expect(parsed.columns == ["name", "time_seconds"])
        #expect(try parsed.column("name") == ["a,\"b\"", "=c", ""])
        #expect(try parsed.numbers("time_seconds") == [0.1, nil, 0], "missing is not zero")
        let none = columns.table("times", "a time", of: [])
        #expect(none.rowCount == 0 && String(decoding: none.bytes, as: UTF8.self) == "name,time_seconds\n")
    }

    /// A name from a file that would be a formula, a markup, or a line of its own stays one cell of text.
    @Test func hostileNamesStayText() throws {
        var profile = SyntheticProfile().make()
        let names = ["=HYPERLINK(\"http://x\")", "a,b\n\"c\"", "<script>alert(1)</script>", "\u{202E}gnp"]
        for (index, name) in names.enumerated() {
            profile.layerTimes[0].kernels[name] = profile.layerTimes[0].seconds.map { $0 * Double(index) }
        }
        profile.rejections = names.map { Rejection(reason: $0, count: 1) }
        let export = try CSVExport(try KerfJSON.encode(profile), named: "../evil,\nname.json")
        let shown = ["=HYPERLINK(\"http://x\")", "a,b?\"c\"", "<script>alert(1)</script>", "?gnp"]
        #expect(Set(try export.table("kernel_times").column("kernel")).isSuperset(of: shown))
        #expect(try export.table("rejections").column("reason") == shown)
        let fields = try export.table("fields")
        let file = try #require(fields.rows.first { $0[0] == "export.file" })
        #expect(file[1] == "evil,?name.json")
        for table in export.tables {
            let lines = table.bytes.count { $0 == UInt8(ascii: "\n") }
            #expect(lines == table.rowCount + 1, "\(table.name): each row is one line")
        }
    }
}

@Suite("Folder of an export")
struct ExportFolderTests {
    private let export: CSVExport

    init() throws { export = try CSVExport(try KerfJSON.encode(SyntheticProfile().make()), named: "profile.json") }

    private func place() throws -> (tree: FixtureTree, folder: FilePath) {
        let tree = try FixtureTree()
        return (tree, tree.path.appending("tables"))
    }

    private func names(in folder: FilePath) -> Set<String> { Set(SystemRoot(folder).names(in: folder)) }

    @Test func madeWholeAndOnce() throws {
        let (tree, folder) = try place()
        try export.write(to: folder)
        #expect(names(in: folder) == Set(export.tables.map(\.fileName)))
        for table in export.tables {
            let bytes = try FileBytes.read(folder.appending(table.fileName).string, limit: 1 << 24)
            #expect(bytes == table.bytes, "\(table.name)")
        }
        // The same again changes nothing, and is no failure.
        try export.write(to: folder)
        // Another export does not mix with it.
        var other = SyntheticProfile()
        other.blocks = 3
        let otherExport = try CSVExport(try KerfJSON.encode(other.make()), named: "profile.json")
        let error = #expect(throws: KerfError.self) { try otherExport.write(to: folder) }
        #expect(error?.code == .cannotCreate)
        #expect(try FileBytes.read(folder.appending("steps.csv").string, limit: 1 << 24) == export.tables[0].bytes)
        #expect(names(in: tree.path) == ["tables"], "nothing is left beside it")
    }

    @Test func otherFilesAreKept() throws {
        let (tree, folder) = try place()
        try export.write(to: folder)
        try tree.write("tables/notes.txt", "mine")
        #expect(throws: KerfError.self) { try export.write(to: folder) }
        #expect(names(in: folder).contains("notes.txt"))
    }
}
