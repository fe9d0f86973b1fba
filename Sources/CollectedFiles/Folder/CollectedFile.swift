import CARD
import Calibration
import Instrumentation
import ProfileFormat
import SystemIO
import SystemPackage

/// A file of Kerf's from a box's folder.
package struct CollectedFile: Sendable {
    /// Relative to the folder: `profiles/run-2.json`.
    package let name: String
    package let schema: String
    /// SHA-256 of the bytes, in lower-case hexadecimal digits.
    package let sha256: String
    package let content: Content

    package enum Content: Sendable {
        case status(CollectionStatus)
        case doctor(DoctorReport)
        case profile(ProfileDigest)
        case calibration(Calibration)
        case link(LinkProfile)
        case decision(Decision)
        case decisions(Decisions)
        /// A kind that the view of a fleet does not use, such as a trained run.
        case other
    }

    /// Reads a file and tells by its content, not by its name, what it is.
    ///
    /// - Parameters:
    ///   - path: a regular file.
    ///   - name: relative to the folder.
    /// - Returns: `nil` for a file that is not Kerf's.
    /// - Throws: ``KerfError`` for a file of Kerf's that is damaged, for a `.json` file that is no JSON to its end, and
    ///   for one that cannot be read.
    init?(_ path: FilePath, named name: String) throws(KerfError) {
        guard let (bytes, schema) = try Self.bytes(path) else { return nil }
        self.name = name
        self.schema = schema
        content = try Content(bytes, schema, named: path.string)
        sha256 = SHA256.hexDigest(of: bytes)
    }

    /// The bytes of a file and the schema that it states; `nil` for a file that is not Kerf's.
    static func bytes(_ path: FilePath) throws(KerfError) -> (bytes: [UInt8], schema: String)? {
        guard try startsAsObject(path) else { return nil }
        let bytes = try FileBytes.read(path.string, limit: KerfJSON.maximumBytes)
        let schema: String
        do throws(KerfError) {
            schema = try KerfJSON.header(of: bytes, named: path.string).schema
        } catch {
            // JSON of another program has another form; what ends too early may be a file of Kerf's.
            let isWhole = JSONOutline(TextBytes.utf8(bytes) ?? bytes).end != nil
            guard isNamedJSON(path), !isWhole else { return nil }
            var error = error
            error.remedy = "collect the file again"
            throw error
        }
        return schema.hasPrefix("kerf.") ? (bytes, schema) : nil
    }

    private static func isNamedJSON(_ path: FilePath) -> Bool { path.extension == "json" }

    /// Whether a file may be JSON with an object in it, by its first bytes: a model of many gigabytes is not read.
    private static func startsAsObject(_ path: FilePath) throws(KerfError) -> Bool {
        let start: [UInt8]
        do {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
            start = try descriptor.closeAfter { try BoundedRead(descriptor, limit: 64).bytes }
        } catch Errno.permissionDenied {
            throw KerfError(.permissionDenied, "not readable by this user", at: path, remedy: "change its permissions")
        } catch {
            throw KerfError(.ioError, "cannot be read: \(error)", at: path)
        }
        // White space, the marks of UTF-8 and UTF-16, and the high bytes of UTF-16.
        let skipped: Set<UInt8> = [0x00, 0x09, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF, 0xFE, 0xFF]
        guard let first = start.first(where: { !skipped.contains($0) }) else {
            return start.isEmpty && isNamedJSON(path)
        }
        return first == UInt8(ascii: "{")
    }
}

extension CollectedFile.Content {
    fileprivate init(_ bytes: [UInt8], _ schema: String, named name: String) throws(KerfError) {
        switch schema {
        case CollectionStatus.schema:
            self = .status(try KerfJSON.decode(CollectionStatus.self, from: bytes, named: name))
        case DoctorReport.schema: self = .doctor(try KerfJSON.decode(DoctorReport.self, from: bytes, named: name))
        default:
            switch try FileContent(bytes, named: name) {
            case .profile(let profile):
                try ProfileValidation(profile: profile, name: name).check()
                self = .profile(ProfileDigest(profile))
            case .calibration(let calibration): self = .calibration(calibration)
            case .link(let link): self = .link(link)
            case .decision(let decision): self = .decision(decision)
            case .decisions(let decisions): self = .decisions(decisions)
            case .simulation, .run, .validation, .comparison, .fleet, nil: self = .other
            }
        }
    }
}
