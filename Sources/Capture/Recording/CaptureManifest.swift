import FoundationEssentials

/// What a capture says about itself, in `kerf/capture.json`.
public struct CaptureManifest: Codable, Sendable, Hashable {
    public static let schema = "kerf.capture"
    public static let schemaVersion = 1
    public static let path = "kerf/capture.json"

    public var schema = CaptureManifest.schema
    public var schemaVersion = CaptureManifest.schemaVersion
    /// The Kerf that recorded it.
    public var kerfVersion: String
    /// Files that are there and could not be read. In the archive they are empty, and closed to everyone where the
    /// reason was the permission.
    public var unreadable: [Omission] = []
    /// What did not go into the archive.
    public var omitted: [Omission] = []

    public struct Omission: Codable, Sendable, Hashable {
        public var path: String
        public var reason: String
    }

    enum CodingKeys: String, CodingKey {
        case schema
        case schemaVersion = "schema_version"
        case kerfVersion = "kerf_version"
        case unreadable, omitted
    }

    /// The file's bytes.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
