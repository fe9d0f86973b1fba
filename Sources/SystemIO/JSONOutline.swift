/// The structure of the first value in a JSON text: where it starts and ends, and a key that an object has twice.
///
/// `JSONDecoder` uses one of two equal keys without an error, and does not say where a text stops being JSON. Values are
/// checked only as far as their end needs it; the rest is the decoder's part. Takes time proportional to the text, and
/// memory for the keys of the objects that are open.
package struct JSONOutline: Sendable, Hashable {
    /// A key for the second time in one object.
    package struct RepeatedKey: Sendable, Hashable {
        /// `intervals[0].sum`, safe to show.
        package var place: String
        /// The line of the second one, from 1 on.
        package var line: Int
    }

    /// Offset after the value; `nil` when the text ends within the value, or is no JSON.
    package let end: Int?
    /// The first that was found; `nil` when no object has a key twice.
    package let repeatedKey: RepeatedKey?

    /// - Parameters:
    ///   - bytes: text in UTF-8.
    ///   - offset: where to begin; white space is skipped.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int = 0, ignoring ignoredKeys: Set<String> = []) {
        var scanner = JSONScanner(bytes: bytes, position: offset, ignoredKeys: ignoredKeys)
        end = scanner.skipValue() ? scanner.position : nil
        repeatedKey = scanner.repeatedKey
    }

    package init(_ bytes: [UInt8], from offset: Int = 0, ignoring ignoredKeys: Set<String> = []) {
        self = bytes.withUnsafeBufferPointer { JSONOutline($0, from: offset, ignoring: ignoredKeys) }
    }

    /// Refuses a text in which an object has a key twice: which of the two values holds is not known.
    ///
    /// - Throws: ``KerfError/Code/malformed`` with the key's place and line.
    package static func checkKeys(of bytes: [UInt8], file: String) throws(KerfError) {
        guard let key = JSONOutline(bytes).repeatedKey else { return }
        throw KerfError(
            .malformed, at: file, "\(key.place) appears twice, again at line \(key.line)",
            remedy: "keep the one that is meant, or make the file again")
    }
}
