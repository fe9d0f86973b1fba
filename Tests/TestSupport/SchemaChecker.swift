import Foundation
import SystemPackage
import Testing

/// Checks files against the shipped JSON Schemas by Python's jsonschema: an implementation that shares no code with
/// what wrote them.
package enum SchemaChecker {
    package static let needs: Comment = "needs python3 with jsonschema (apt install python3-jsonschema)"

    /// Whether the independent implementation is here; see ``TestTool/jsonschema``.
    static let isInstalled: Bool = (try? faults(in: Array("{}".utf8), schema: "board"))?.isEmpty == false

    /// Whether a test that does more than check files checks them too: under CI always, so that it may fail.
    package static let isPossible: Bool = isInstalled || TestTool.areRequired

    /// Faults found in the bytes, one line each; none when the file is valid.
    ///
    /// - Parameter schema: `profile`, `calibration`, `decision`, `doctor`, `board` or `capture`.
    package static func faults(in bytes: [UInt8], schema: String) throws -> [String] {
        let tree = try FixtureTree()
        try tree.write("file.json", bytes: bytes)
        return try check([tree.file("file.json").string], schema: schema)
    }

    /// Faults found in files, one line each, which begins with the file's path.
    static func check(_ paths: [String], schema: String) throws -> [String] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["python3", root.appending(path: "Scripts/validate-schema.py").path, url(ofSchema: schema).path] + paths
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus <= 1 else { throw SchemaCheckerError(message: text) }
        return text.split(separator: "\n").map(String.init)
    }

    static func url(ofSchema schema: String) -> URL {
        root.appending(path: "Profiles/schema/\(schema).schema.json")
    }

    /// Faults in a file whose text was changed in one place; the place must be there.
    package static func faults(
        in bytes: [UInt8], changing from: String, to: String, schema: String
    ) throws -> [String] {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let range = text.range(of: from) else { throw SchemaCheckerError(message: "no \(from) in the file") }
        return try faults(in: Array(text.replacingCharacters(in: range, with: to).utf8), schema: schema)
    }

    private static var root: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }
}

struct SchemaCheckerError: Error { var message: String }
