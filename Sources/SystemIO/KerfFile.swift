/// A JSON file that Kerf writes and reads: it names its schema and the version of it.
public protocol KerfFile: Codable, Sendable {
    /// The name that stands in the file: `kerf.profile`.
    static var schema: String { get }
    static var schemaVersion: Int { get }
    /// What to do with a file of this kind that was given where another is expected.
    static var remedy: Remedy { get }

    var schema: String { get }
    var schemaVersion: Int { get }
}

/// The version of Kerf, as it stands in every file it writes.
public enum KerfVersion {
    public static let current = "0.2.0"

    /// Version and configuration: numbers of a debug build must not pass for those of a release build.
    package static var build: String {
        #if DEBUG
            current + " (debug)"
        #else
            current
        #endif
    }
}
