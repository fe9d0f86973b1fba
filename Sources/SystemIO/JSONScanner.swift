import FoundationEssentials

/// Walks over one JSON value without building it.
struct JSONScanner {
    /// An object or array that is not closed yet.
    private struct Container {
        let isObject: Bool
        /// Places of an object's keys so far, without their quotation marks.
        var keys: [Range<Int>] = []
        var hasEscapes = false
        /// Elements of an array before the current one.
        var elements = 0
    }

    /// As of Foundation's decoder, which refuses what is nested deeper.
    private static let depthLimit = 512

    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position: Int
    private(set) var repeatedKey: JSONOutline.RepeatedKey?
    private var containers: [Container] = []

    /// Names that an object may have twice.
    private let ignoredKeys: Set<String>

    init(bytes: UnsafeBufferPointer<UInt8>, position: Int, ignoredKeys: Set<String>) {
        self.ignoredKeys = ignoredKeys
        self.bytes = bytes
        self.position = position
    }

    /// - Returns: whether the value is complete.
    mutating func skipValue() -> Bool {
        repeat {
            skipSpace()
            guard position < bytes.count else { return false }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard containers.count < Self.depthLimit else { return false }
                containers.append(Container(isObject: byte == UInt8(ascii: "{")))
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard let last = containers.last, last.isObject == (byte == UInt8(ascii: "}")) else { return false }
                checkKeys(of: last)
                containers.removeLast()
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard !containers.isEmpty else { return false }
                if byte == UInt8(ascii: ",") { containers[containers.count - 1].elements += 1 }
                position += 1
            case UInt8(ascii: "\""):
                guard skipText() else { return false }
            default:
                skipWord()
            }
        } while !containers.isEmpty
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    /// A number, `true` or the like.
    private mutating func skipWord() {
        repeat { position += 1 } while position < bytes.count && !Self.endsWord(bytes[position])
    }

    /// A text, which is a key where an object's colon follows.
    private mutating func skipText() -> Bool {
        let start = position + 1
        var hasEscapes = false
        position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            let isEscape = bytes[position] == UInt8(ascii: "\\")
            hasEscapes = hasEscapes || isEscape
            position += isEscape ? 2 : 1
        }
        guard position < bytes.count else { return false }
        let content = start..<position
        position += 1
        guard containers.last?.isObject == true else { return true }
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return true }
        containers[containers.count - 1].keys.append(content)
        if hasEscapes { containers[containers.count - 1].hasEscapes = true }
        return true
    }

    private mutating func checkKeys(of object: Container) {
        guard repeatedKey == nil, let key = repeated(in: object) else { return }
        let line = TextBytes.line(of: key.lowerBound, in: bytes)
        repeatedKey = JSONOutline.RepeatedKey(place: place(of: key), line: line)
    }

    private func repeated(in object: Container) -> Range<Int>? {
        let keys =
            ignoredKeys.isEmpty
            ? object.keys
            : object.keys.filter { !ignoredKeys.contains(String(decoding: bytes[$0], as: UTF8.self)) }
        guard keys.count > 1 else { return nil }
        // Most objects are small; comparing all pairs needs no memory.
        if keys.count <= 16, !object.hasEscapes {
            for later in 1..<keys.count {
                for earlier in 0..<later where bytes[keys[earlier]].elementsEqual(bytes[keys[later]]) {
                    return keys[later]
                }
            }
            return nil
        }
        var known: Set<[UInt8]> = []
        return keys.first { !known.insert(unescaped($0)).inserted }
    }

    /// Bytes, not a string: strings that are canonically equivalent are equal, and a vocabulary has such tokens.
    private func unescaped(_ key: Range<Int>) -> [UInt8] {
        guard bytes[key].contains(UInt8(ascii: "\\")) else { return Array(bytes[key]) }
        let literal = Data(bytes[key.lowerBound - 1..<key.upperBound + 1])
        // A faulty escape sequence stays as it is: the decoder refuses it.
        return (try? JSONDecoder().decode(String.self, from: literal)).map { Array($0.utf8) } ?? Array(bytes[key])
    }

    private func place(of key: Range<Int>) -> String {
        var text = ""
        for holder in containers.dropLast() {
            if !holder.isObject {
                text += "[\(holder.elements)]"
            } else if let name = holder.keys.last {
                text += (text.isEmpty ? "" : ".") + shown(name)
            }
        }
        return text + (text.isEmpty ? "" : ".") + shown(key)
    }

    private func shown(_ key: Range<Int>) -> String {
        PlainText.shown(String(decoding: bytes[key], as: UTF8.self), limit: 64)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","),
            UInt8(ascii: ":"), UInt8(ascii: "\""):
            true
        default: isSpace(byte)
        }
    }
}
