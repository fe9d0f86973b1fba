import Reporting
import SystemIO

/// What counts as a finding besides a crash and a hang: each ends the process, so that libFuzzer keeps the case.
enum Finding {
    /// - Parameter attempt: may throw Kerf's own errors, each one plain line.
    static func watch(_ attempt: () throws -> Void) {
        do {
            try attempt()
        } catch {
            guard error is KerfError else {
                fatalError("an error that is not Kerf's: \(type(of: error)): \(error)")
            }
            require(isPlain("\(error)", lineFeeds: false), "an error is no plain line: \(error)")
        }
    }

    static func require(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition { fatalError(message()) }
    }

    /// A text for the terminal may hold line feeds, and nothing else that moves the cursor.
    static func checkReport(_ text: String) {
        require(isPlain(text, lineFeeds: true), "a report holds control characters: \(text.debugDescription)")
    }

    /// Each row of a table is one line.
    static func checkTables(_ export: CSVExport) {
        for table in export.tables {
            checkReport(String(decoding: table.bytes, as: UTF8.self))
            let lines = table.bytes.count { $0 == UInt8(ascii: "\n") }
            require(lines == table.rowCount + 1, "\(table.fileName) has \(lines) lines for \(table.rowCount) rows")
        }
    }

    private static func isPlain(_ text: String, lineFeeds: Bool) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control: lineFeeds && scalar == "\n"
            case .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
    }

    /// What Kerf writes it must read again, and as the same.
    static func checkRoundTrip<File: KerfFile>(_ file: File) throws {
        let bytes = try KerfJSON.encode(file)
        do {
            let again = try KerfJSON.encode(try KerfJSON.decode(File.self, from: bytes, named: "again.json"))
            require(again == bytes, "\(File.schema) is not the same once read and written again")
        } catch {
            fatalError("Kerf does not read its own \(File.schema): \(error)")
        }
    }
}
