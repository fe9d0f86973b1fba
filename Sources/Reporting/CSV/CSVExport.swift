import CARD
import Calibration
import CollectedFiles
import CostComparison
import ProfileFormat
import Simulation
import SplitTraining
import SystemIO
import SystemPackage
import Validation

/// A file of Kerf's as tables: one row a sample, units in the columns' names.
///
/// A pure function of the file's bytes and name, so that the same file gives the same tables.
package struct CSVExport: Sendable {
    /// `kerf.profile` and so on.
    package let schema: String
    /// SHA-256 of the file's bytes.
    package let sha256: String
    /// Every table that this kind of file may have, also empty ones, so that a script finds the same files.
    package let tables: [CSVTable]

    /// - Parameter name: the user's name for the file.
    /// - Throws: ``KerfError``: no file of Kerf's that has tables, damaged, or with samples that cannot be used.
    package init(_ bytes: [UInt8], named name: String) throws(KerfError) {
        let header = try KerfJSON.header(of: bytes, named: name)
        guard let content = try FileContent(bytes, named: name) else {
            throw .kind(
                of: bytes, named: name, lacks: "which has no tables",
                remedy:
                    "give a profile, calibration, comparison, decision, simulation, link, split run, validation or fleet"
            )
        }
        var tables: [CSVTable]
        var fields: FileFields
        switch content {
        case .profile(let profile):
            try ProfileValidation(profile: profile, name: name).check()
            (tables, fields) = (profile.csvTables, try FileFields(profile.withoutSamples))
        case .calibration(let calibration):
            (tables, fields) = (calibration.csvTables, try FileFields(calibration))
        case .decision(let decision): (tables, fields) = (decision.csvTables, try FileFields(decision))
        case .decisions(let decisions): (tables, fields) = (decisions.csvTables, try FileFields(decisions))
        case .comparison(let comparison): (tables, fields) = (comparison.csvTables, try FileFields(comparison))
        case .simulation(let result): (tables, fields) = (result.csvTables, try FileFields(result))
        case .link(let link): (tables, fields) = (link.csvTables, try FileFields(link))
        case .run(let run): (tables, fields) = (run.csvTables, try FileFields(run.withoutSteps))
        case .validation(let report): (tables, fields) = (report.csvTables, try FileFields(report))
        case .fleet(let fleet): (tables, fields) = (fleet.csvTables, try FileFields(fleet))
        }
        schema = header.schema
        sha256 = SHA256.hexDigest(of: bytes)
        fields.append("export.file", FilePath(name).lastComponent?.string ?? name)
        fields.append("export.sha256", sha256)
        fields.append("export.file_schema_version", header.schemaVersion)
        fields.append("export.kerf_version", KerfVersion.current)
        tables += fields.tables
        self.tables = tables + [Self.columns(of: tables)]
    }

    package var rowCount: Int { tables.reduce(0) { $0 + $1.rowCount } }

    /// What every column of every table is.
    private static func columns(of tables: [CSVTable]) -> CSVTable {
        var columns = CSVColumns<(table: CSVTable, column: CSVTable.Column)>()
        columns.add("file", "The table's file") { $0.table.fileName }
        columns.add("row", "What one row of it is") { $0.table.row }
        columns.add("column", "The column's name, with its unit") { $0.column.name }
        columns.add("meaning", "What the column holds") { $0.column.meaning }
        var rows: [(table: CSVTable, column: CSVTable.Column)] = []
        for table in tables {
            for column in table.columns { rows.append((table, column)) }
        }
        return columns.table("columns", "a column of another table", of: rows)
    }

    /// Writes all tables to a new folder, whole or not at all. Nothing is replaced: a folder that holds this same export
    /// already is left as it is.
    ///
    /// - Throws: ``KerfError`` for a folder that holds anything else, or that cannot be made.
    package func write(to folder: FilePath) throws(KerfError) {
        let files = tables.map {
            NewFolder.File(
                FilePath($0.fileName), $0.bytes,
                permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
        }
        let new = NewFolder(files: files, folderPermissions: FilePermissions(rawValue: 0o777))
        guard !new.isMade(at: folder) else { return }
        try new.create(at: folder)
    }
}
