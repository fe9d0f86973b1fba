import SystemIO

/// The tokens of a vocabulary: contents by id and ids by content.
///
/// A content is UTF-8 as the file has it. Strings are compared by their bytes: vocabularies have tokens that are
/// canonically equivalent.
struct Vocabulary: Sendable {
    /// The largest vocabularies have about 260,000 tokens.
    static let sizeLimit = 1 << 22

    private var contents = ByteStringTable()
    /// Id of each content.
    private var ids: [Int32] = []
    /// Number of the content of each id; -1 for an id without a token.
    private var numbers: [Int32] = []

    /// Number of different contents.
    var count: Int { contents.count }
    /// The largest id plus one.
    var size: Int { numbers.count }

    func id(of content: UnsafeBufferPointer<UInt8>) -> Int32? { contents.number(of: content).map { ids[$0] } }

    func id(of content: some Sequence<UInt8>) -> Int32? { contents.number(of: Array(content)).map { ids[$0] } }

    func id(of content: String) -> Int32? { id(of: content.utf8) }

    /// `nil` for an id without a token.
    func content(_ id: Int32) -> ArraySlice<UInt8>? {
        guard numbers.indices.contains(Int(id)), numbers[Int(id)] >= 0 else { return nil }
        return contents[Int(numbers[Int(id)])]
    }

    /// Adds a token. Of two with the same content, the later one has the content's id.
    ///
    /// - Throws: `malformed` for an id that is taken or beyond ``sizeLimit``.
    mutating func add(_ content: some Sequence<UInt8>, id: Int, file: String) throws(KerfError) {
        guard (0..<Self.sizeLimit).contains(id) else {
            throw KerfError(.malformed, at: file, "the token id \(id) is not within 0 to \(Self.sizeLimit - 1)")
        }
        if numbers.count <= id { numbers += [Int32](repeating: -1, count: id + 1 - numbers.count) }
        guard numbers[id] < 0 else { throw KerfError(.malformed, at: file, "the token id \(id) appears twice") }
        let number = contents.insert(Array(content))
        if number == ids.count { ids.append(Int32(id)) } else { ids[number] = Int32(id) }
        numbers[id] = Int32(number)
    }
}
