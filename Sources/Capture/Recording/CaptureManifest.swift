import FoundationEssentials

/// A capture's description of itself, in `kerf/capture.json`.
package struct CaptureManifest: Codable, Sendable, Hashable {
    package static let schema = "kerf.capture"
    package static let schemaVersion = 1
    package static let path = "kerf/capture.json"

    package var schema = CaptureManifest.schema
    package var schemaVersion = CaptureManifest.schemaVersion
    /// Version of the Kerf that recorded it.
    package var kerfVersion: String
    /// Files that exist and could not be read. In the archive they are empty, and without any permission where that was
    /// the reason.
    package var unreadable: [Omission] = []
    /// Files that are not in the archive.
    package var omitted: [Omission] = []

    package struct Omission: Codable, Sendable, Hashable {
        package var path: String
        package var reason: String
    }

    enum CodingKeys: String, CodingKey {
        case schema
        case schemaVersion = "schema_version"
        case kerfVersion = "kerf_version"
        case unreadable, omitted
    }

    /// The file's bytes.
    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
