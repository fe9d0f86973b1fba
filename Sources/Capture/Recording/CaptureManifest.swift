import FoundationEssentials

/// What a capture says about itself, in `kerf/capture.json`.
package struct CaptureManifest: Codable, Sendable, Hashable {
    package static let schema = "kerf.capture"
    package static let schemaVersion = 1
    package static let path = "kerf/capture.json"

    package var schema = CaptureManifest.schema
    package var schemaVersion = CaptureManifest.schemaVersion
    /// The Kerf that recorded it.
    package var kerfVersion: String
    /// Files that are there and could not be read. In the archive they are empty, and closed to everyone where the
    /// reason was the permission.
    package var unreadable: [Omission] = []
    /// What did not go into the archive.
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
