import SystemIO

/// Turns the bytes of a file of training data into tokens.
struct DatasetReader {
    let path: String
    let tokenizer: Tokenizer?

    func read(
        _ kind: DatasetKind, _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(KerfError) -> (tokens: [Int32], targets: TargetMask) {
        switch kind {
        case .text: return try text(bytes)
        case .jsonLines: return try jsonLines(bytes)
        case .tokenIDs: return try tokenIDs(bytes)
        }
    }

    // MARK: - Text

    private func text(_ bytes: UnsafeBufferPointer<UInt8>) throws(KerfError) -> (tokens: [Int32], targets: TargetMask) {
        guard !bytes.isEmpty else { throw KerfError(.unusableData, at: path, "is empty") }
        if let offset = Self.invalidOffset(bytes) {
            let line = bytes[..<offset].count { $0 == 0x0A } + 1
            throw error(line, "is not UTF-8", "save the file as UTF-8")
        }
        let tokens = try needed().encode(bytes, addSpecialTokens: false, isContinuation: false)
        var targets = TargetMask()
        targets.append(true, count: tokens.count)
        return (tokens, targets)
    }

    /// Start of the first sequence that is not UTF-8; `nil` when there is none.
    private static func invalidOffset(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    // MARK: - JSON lines

    private func jsonLines(
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(KerfError) -> (tokens: [Int32], targets: TargetMask) {
        let tokenizer = try needed()
        var tokens: [Int32] = []
        var targets = TargetMask()
        func append(_ text: String, isTarget: Bool, isContinuation: Bool = false) {
            let ids = tokenizer.encode(text, addSpecialTokens: false, isContinuation: isContinuation)
            tokens += ids
            targets.append(isTarget, count: ids.count)
        }
        var number = 0
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
            start = end + 1
            number += 1
            // White space only, as at the end of many files.
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            switch try document(line, number) {
            case .text(let text): append(text, isTarget: true)
            case .completion(let prompt, let completion):
                append(prompt, isTarget: false)
                append(completion, isTarget: true, isContinuation: !prompt.isEmpty)
            }
            if let end = tokenizer.eosToken {
                tokens.append(end)
                targets.append(true, count: 1)
            }
        }
        guard !tokens.isEmpty else { throw KerfError(.unusableData, at: path, "holds no document") }
        return (tokens, targets)
    }

    private enum Document {
        case text(String)
        case completion(prompt: String, String)
    }

    private func document(_ line: UnsafeBufferPointer<UInt8>, _ number: Int) throws(KerfError) -> Document {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONParser.parse(line)
        } catch {
            throw self.error(number, "is not valid JSON, at byte \(error.offset + 1) of the line")
        }
        guard case .object = value else { throw error(number, "is not a JSON object") }
        if let key = JSONOutline(line).repeatedKey { throw error(number, "has \(key.place) twice") }
        if value.member("text") != nil {
            guard value.member("prompt") == nil, value.member("completion") == nil else {
                throw error(number, "has a text and a prompt or completion")
            }
            return .text(try field("text", of: value, number))
        }
        guard value.member("prompt") != nil || value.member("completion") != nil else {
            throw error(number, "has neither text nor prompt and completion")
        }
        return .completion(
            prompt: try field("prompt", of: value, number, mayBeEmpty: true),
            try field("completion", of: value, number))
    }

    private func field(
        _ name: String, of value: JSONValue, _ number: Int, mayBeEmpty: Bool = false
    ) throws(KerfError) -> String {
        guard let member = value.member(name) else { throw error(number, "has no \(name)") }
        guard case .text(let text) = member else { throw error(number, "has a \(name) that is not a text") }
        guard mayBeEmpty || !text.isEmpty else { throw error(number, "has an empty \(name)") }
        return text
    }

    // MARK: - Token ids

    private func tokenIDs(
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(KerfError) -> (tokens: [Int32], targets: TargetMask) {
        var tokens: [Int32] = []
        var id: Int32?
        var line = 1
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = Int32(byte - UInt8(ascii: "0"))
                let (tenfold, overflow) = (id ?? 0).multipliedReportingOverflow(by: 10)
                let (sum, sumOverflow) = tenfold.addingReportingOverflow(digit)
                guard !overflow, !sumOverflow else {
                    throw error(line, "holds a token id beyond 32 bits", Self.idRemedy)
                }
                id = sum
            case 0x20, 0x09, 0x0A, 0x0D:
                if let id { tokens.append(id) }
                id = nil
                if byte == 0x0A { line += 1 }
            default: throw error(line, "holds something else than token ids and white space", Self.idRemedy)
            }
        }
        if let id { tokens.append(id) }
        guard !tokens.isEmpty else { throw KerfError(.unusableData, at: path, "holds no token id") }
        var targets = TargetMask()
        targets.append(true, count: tokens.count)
        return (tokens, targets)
    }

    private func needed() throws(KerfError) -> Tokenizer {
        if let tokenizer { return tokenizer }
        throw KerfError(
            .unusableData, at: path, "is text, and there is no tokenizer for it",
            remedy: "train a model whose weights have a tokenizer, or give token ids (.ids)")
    }

    private static let idRemedy: Remedy = "write token ids as digits, with spaces or line feeds between them"
    private static let documentRemedy: Remedy =
        "write one JSON object a line, with a text, or with a prompt and a completion"

    private func error(_ line: Int, _ message: String, _ remedy: Remedy = documentRemedy) -> KerfError {
        KerfError(.unusableData, at: path, "line \(line) \(message)", remedy: remedy)
    }
}
