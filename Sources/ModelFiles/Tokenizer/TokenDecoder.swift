/// A step from tokens' contents to text, as `tokenizers` names them.
enum DecoderStep: Sendable, Hashable {
    /// Scalars of ``ByteAlphabet`` become bytes, and all tokens one text; bytes that are not UTF-8 become U+FFFD.
    case byteLevel
    case replace([UInt8], with: [UInt8])
    /// Runs of `<0x00>` to `<0xFF>` become bytes, or U+FFFD for each where they are not UTF-8.
    case byteFallback
    /// All tokens become one.
    case fuse
    /// Up to `start` scalars at the start, and `stop` at the end, that are the content.
    case strip([UInt8], start: Int, stop: Int)
    /// A replacement becomes a space, or nothing in the first token if it was prepended to the text.
    case metaspace(replacement: [UInt8], isPrepended: Bool)

    func apply(_ tokens: [[UInt8]]) -> [[UInt8]] {
        switch self {
        case .byteLevel:
            let bytes = tokens.flatMap { ByteAlphabet.bytes($0) ?? $0 }
            return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
        case .replace(let pattern, let replacement): return tokens.map { $0.replacing(pattern, by: replacement) }
        case .byteFallback: return Self.joiningBytes(tokens)
        case .fuse: return [Array(tokens.joined())]
        case .strip(let content, let start, let stop):
            return tokens.map { Self.stripped($0, content, start: start, stop: stop) }
        case .metaspace(let replacement, let isPrepended):
            return tokens.enumerated().map { index, token in
                token.replacing(replacement, by: index == 0 && isPrepended ? [] : [0x20])
            }
        }
    }

    private static func joiningBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var run: [UInt8] = []
        func flush() {
            if run.isEmpty { return }
            let isText = String(validating: run, as: UTF8.self) != nil
            result += isText ? [run] : run.map { _ in Array("\u{FFFD}".utf8) }
            run = []
        }
        for token in tokens {
            if let byte = byte(token) {
                run.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }

    /// The byte that a token such as `<0x0A>` stands for.
    private static func byte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }

    private static func stripped(_ token: [UInt8], _ content: [UInt8], start: Int, stop: Int) -> [UInt8] {
        var rest = token[...]
        for _ in 0..<start where rest.starts(with: content) { rest = rest.dropFirst(content.count) }
        for _ in 0..<stop where rest.count >= content.count && rest.suffix(content.count).elementsEqual(content) {
            rest = rest.dropLast(content.count)
        }
        return Array(rest)
    }
}
