import FoundationEssentials

/// Changes the string values of a JSON text; keys, numbers and layout stay.
enum JSONStrings {
    /// - Parameter change: returns a value's replacement; `key` is the last key before the value.
    /// - Returns: `nil` when the text is not JSON.
    static func mapping(_ text: [UInt8], _ change: (_ key: String, _ value: [UInt8]) -> [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var key = ""
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "\"") else {
                result.append(text[index])
                index += 1
                continue
            }
            guard let end = endOfString(in: text, from: index), let string = decoded(text[index..<end]) else {
                return nil
            }
            if text[end...].first(where: { !$0.isBlank }) == UInt8(ascii: ":") {
                key = string
                result += text[index..<end]
            } else {
                let value = Array(string.utf8)
                let changed = change(key, value)
                result += changed == value ? text[index..<end] : encoded(changed)[...]
            }
            index = end
        }
        return isJSON(result) ? result : nil
    }

    private static func endOfString(in text: [UInt8], from start: Int) -> Int? {
        var index = start + 1
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }

    private static func decoded(_ literal: ArraySlice<UInt8>) -> String? {
        try? JSONDecoder().decode(String.self, from: Data(literal))
    }

    private static func encoded(_ value: [UInt8]) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return Array((try? encoder.encode(String(decoding: value, as: UTF8.self))) ?? Data("\"\"".utf8))
    }

    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    private static func isJSON(_ text: [UInt8]) -> Bool {
        (try? JSONDecoder().decode(Anything.self, from: Data(text))) != nil
    }
}
