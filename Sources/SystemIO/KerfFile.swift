/// A JSON file that Kerf writes and reads. It names its schema and the schema's version.
///
/// A newer Kerf reads older versions from ``oldestReadableVersion`` on: keys that were renamed are replaced while the
/// file is decoded, then ``upgrade(from:)`` changes what a new name alone does not. In memory every file is of the
/// current version.
public protocol KerfFile: Codable, Sendable {
    /// The schema's name in the file: `kerf.profile`.
    static var schema: String { get }
    static var schemaVersion: Int { get }
    /// The oldest version that can be read; the current one unless declared.
    static var oldestReadableVersion: Int { get }
    /// What to do when another kind of file was given.
    static var remedy: Remedy { get }

    /// Keys that have another name today: the name in files of `version` to the current one, both in snake case.
    ///
    /// A name holds at every place in the file. Keys of dictionaries are data and are never renamed. Values of enums
    /// that were renamed are the enum's own affair.
    static func renamedKeys(from version: Int) -> [String: String]

    /// Called after a file of an older version was decoded. ``schemaVersion`` is the current one already.
    mutating func upgrade(from version: Int)

    var schema: String { get }
    var schemaVersion: Int { get set }
}

extension KerfFile {
    public static var oldestReadableVersion: Int { schemaVersion }
    public static func renamedKeys(from version: Int) -> [String: String] { [:] }
    public mutating func upgrade(from version: Int) {}
}

extension CodingUserInfoKey {
    /// The version (an `Int`) of the file that is being decoded, for types whose layout depends on it.
    package static let fileVersion = CodingUserInfoKey(rawValue: "kerf.file-version")!
}

/// The version of Kerf, written into every file.
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
