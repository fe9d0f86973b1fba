import SystemIO

/// A value of a JSON file and its place in it, which messages name.
struct JSONField {
    let file: String
    /// `pre_tokenizer.pretokenizers[1]`; empty for the whole file.
    let place: String
    let value: JSONValue

    /// A whole file.
    ///
    /// - Throws: `malformed` with the line, or with what the file holds instead of JSON.
    init(_ bytes: [UInt8], file: String) throws(KerfError) {
        let text = try JSONText.checked(bytes, file: file)
        let outcome = text.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONSyntaxError) in try JSONParser.parse(bytes) }
        }
        switch outcome {
        case .success(let value): self.init(file: file, place: "", value: value)
        case .failure(let error):
            let line = TextBytes.line(of: error.offset, in: text)
            throw KerfError(
                .malformed, at: file, "is not valid JSON, or is cut off, at line \(line)", remedy: JSONFile.remedy)
        }
    }

    private init(file: String, place: String, value: JSONValue) {
        (self.file, self.place, self.value) = (file, place, value)
    }

    /// A member of an object; `nil` when it is absent or null.
    func optional(_ name: String) throws(KerfError) -> JSONField? {
        guard case .object = value else { throw wrong("an object") }
        let field = JSONField(
            file: file, place: place.isEmpty ? name : "\(place).\(name)", value: value.member(name) ?? .null)
        if case .null = field.value { return nil }
        return field
    }

    func required(_ name: String) throws(KerfError) -> JSONField {
        if let field = try optional(name) { return field }
        throw KerfError(.malformed, at: file, "\(place.isEmpty ? name : "\(place).\(name)") is missing")
    }

    func text() throws(KerfError) -> String {
        guard case .text(let text) = value else { throw wrong("a text") }
        return text
    }

    func integer() throws(KerfError) -> Int {
        guard case .integer(let number) = value else { throw wrong("an integer") }
        return number
    }

    /// Elements of an array.
    func elements() throws(KerfError) -> [JSONField] {
        guard case .array(let elements) = value else { throw wrong("an array") }
        return elements.enumerated().map { JSONField(file: file, place: "\(place)[\($0)]", value: $1) }
    }

    /// A member that is true or false; `byDefault` when it is absent.
    func flag(_ name: String, byDefault: Bool) throws(KerfError) -> Bool {
        guard let field = try optional(name) else { return byDefault }
        guard case .boolean(let flag) = field.value else { throw field.wrong("true or false") }
        return flag
    }

    func wrong(_ kind: String) -> KerfError {
        KerfError(.malformed, at: file, "\(place.isEmpty ? "the JSON" : place) is not \(kind)")
    }

    /// The error of a value that Kerf does not support.
    func unsupported(_ remedy: Remedy) -> KerfError {
        let shown =
            switch value {
            case .text(let text): quoted(text)
            case .integer(let number): String(number)
            case .number(let number): String(number)
            case .boolean(let flag): String(flag)
            case .null, .array, .object: "set"
            }
        return KerfError(.unsupported, at: file, "\(place) is \(shown)", remedy: remedy)
    }
}
