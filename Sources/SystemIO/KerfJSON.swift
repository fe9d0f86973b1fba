import FoundationEssentials

/// The one place where Kerf's files become bytes and bytes become files.
///
/// Keys are snake case, sorted and indented, so that equal values are equal bytes and a difference reads well. The
/// keys of dictionaries (kernels, energy domains) are data and stay as they are. A number that is not finite has no
/// place in a file: encoding one is an error, never `null` or zero.
public enum KerfJSON {
    /// A bound against endless input, above what Kerf writes: a sample takes about 27 bytes and a block has some 26 a
    /// step, so that a thousand instrumented steps of 32 blocks have about 22 MB and of 200 blocks about 140 MB.
    /// Reading takes about 3.4 times the file in memory.
    public static let maximumBytes = 256 << 20

    /// The file's bytes, ended by a line feed.
    ///
    /// - Throws: ``KerfError/Code/malformed`` for a number that is not finite, with its place.
    public static func encode(_ file: some KerfFile) throws(KerfError) -> [UInt8] {
        do {
            return try [UInt8](encoder.encode(file)) + [UInt8(ascii: "\n")]
        } catch {
            throw KerfError(
                .malformed, at: type(of: file).schema, "cannot be written: \(oneLine(error))",
                remedy: "a number in it is too large or not a number; this is a defect of Kerf if the input was sound")
        }
    }

    /// A value that is no file of its own, as indented JSON with the files' naming of keys.
    package static func text(of value: some Encodable) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// A value as one line of JSON with the files' naming of keys.
    package static func line(of value: some Encodable) throws -> String {
        let encoder = encoder
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// A file's content, after its schema and version have been checked. A file of an older version that can be read
    /// comes back as one of the current version.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - name: what the user calls it, for messages.
    /// - Throws: ``KerfError``: too large, not JSON or cut off, another schema, a version that cannot be read, a key that
    ///   an object has twice, a field that is missing or wrong.
    public static func decode<File: KerfFile>(
        _ type: File.Type, from bytes: [UInt8], named name: String
    ) throws(KerfError) -> File {
        let (header, text) = try header(of: bytes, named: name, kind: File.schema, remedy: File.remedy)
        let data = Data(text)
        try check(header, is: type, named: name)
        try JSONOutline.checkKeys(of: text, file: name)
        let version = header.schemaVersion
        let keys = FileKeys(renamed: version < File.schemaVersion ? File.renamedKeys(from: version) : [:])
        let decoder = decoder(keys)
        decoder.userInfo[.fileVersion] = version
        do {
            var file = try decoder.decode(File.self, from: data)
            if version < File.schemaVersion {
                file.schemaVersion = File.schemaVersion
                file.upgrade(from: version)
            }
            return file
        } catch {
            throw KerfError(
                .malformed, at: name, "\(oneLine(error, keys)) (damaged or edited)", remedy: "make the file again")
        }
    }

    /// The schema and version that a file states, whichever kind of Kerf's files it is. The version may be one that this
    /// Kerf does not read.
    ///
    /// - Throws: ``KerfError/Code/malformed`` for anything but JSON with a schema and a version.
    package static func header(of bytes: [UInt8], named name: String) throws(KerfError) -> Header {
        try header(of: bytes, named: name, kind: "Kerf", remedy: "give a file that Kerf wrote").header
    }

    /// - Returns: the header and the file's text in UTF-8.
    private static func header(
        of bytes: [UInt8], named name: String, kind: String, remedy: Remedy
    ) throws(KerfError) -> (header: Header, text: [UInt8]) {
        guard bytes.count <= maximumBytes else {
            throw KerfError(.malformed, at: name, "larger than \(maximumBytes >> 20) MiB")
        }
        guard !bytes.isEmpty else {
            throw KerfError(.malformed, at: name, "the file is empty", remedy: remedy)
        }
        let text = try TextBytes.utf8(bytes, file: name, remedy: remedy)
        do {
            return (try decoder(FileKeys()).decode(Header.self, from: Data(text)), text)
        } catch {
            try ForeignContent.check(bytes, file: name)
            throw KerfError(.malformed, at: name, "not a \(kind) file: \(oneLine(error))", remedy: remedy)
        }
    }

    private static func check<File: KerfFile>(
        _ header: Header, is type: File.Type, named name: String
    ) throws(KerfError) {
        guard header.schema == File.schema else {
            throw KerfError(
                .wrongSchema, at: name,
                "this is a \(PlainText.shown(header.schema, limit: 160)) file where a \(File.schema) file is needed",
                remedy: File.remedy)
        }
        let (oldest, current, found) = (File.oldestReadableVersion, File.schemaVersion, header.schemaVersion)
        guard (oldest...current).contains(found) else {
            let readable = oldest == current ? "version \(current)" : "versions \(oldest) to \(current)"
            throw KerfError(
                .wrongSchema, at: name, "version \(found) of \(File.schema); this Kerf reads \(readable)",
                remedy: found > current ? "update Kerf" : "make the file again with this Kerf")
        }
    }

    /// Reads and decodes the file at `path`.
    ///
    /// - Returns: the file and the SHA-256 of its bytes.
    public static func read<File: KerfFile>(
        _ type: File.Type, at path: String
    ) throws(KerfError) -> (file: File, sha256: String) {
        let bytes = try FileBytes.read(path, limit: maximumBytes)
        return (try decode(type, from: bytes, named: path), SHA256.hexDigest(of: bytes))
    }

    /// What a file says it is.
    package struct Header: Decodable, Sendable {
        package var schema: String
        package var schemaVersion: Int
    }

    package static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return encoder
    }

    private static func decoder(_ keys: FileKeys) -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = keys.decodingStrategy
        return decoder
    }

    /// Where in a JSON text whose keys are snake case and what, from an error of Foundation's decoder. One line.
    package static func fault(_ error: any Error) -> String { oneLine(error) }

    /// Where in the file and what, from Foundation's coding errors.
    private static func oneLine(_ error: any Error, _ keys: FileKeys = FileKeys()) -> String {
        let (context, message): (DecodingError.Context?, String) =
            switch error {
            case DecodingError.keyNotFound(let key, let context):
                (context, "no field \(keys.name(of: key.stringValue))")
            case DecodingError.valueNotFound(_, let context): (context, "the value is missing")
            case DecodingError.typeMismatch(_, let context): (context, "a value of the wrong type")
            case DecodingError.dataCorrupted(let context): (context, context.debugDescription)
            default: (nil, "")
            }
        if case EncodingError.invalidValue(let value, let context) = error {
            return place(context.codingPath, keys) + "the value \(value) is not a finite number"
        }
        guard let context else { return PlainText.shown("\(error)") }
        if context.codingPath.isEmpty, case DecodingError.dataCorrupted = error {
            let detail = (context.underlyingError as? CustomStringConvertible).map { PlainText.shown("\($0)") } ?? ""
            return "not valid JSON, or cut off" + (detail.isEmpty ? "" : " (\(detail))")
        }
        return place(context.codingPath, keys) + PlainText.shown(message)
    }

    private static func place(_ path: [any CodingKey], _ keys: FileKeys) -> String {
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + keys.name(of: key.stringValue)
            }
        }
        return text.isEmpty ? "" : PlainText.shown(text) + ": "
    }
}
