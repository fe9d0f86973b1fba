import Statistics
import Testing

@testable import ModelFiles

@Suite("Byte-pair encoding")
struct BytePairTests {
    /// A model whose merges overlap in all ways: every pair of tokens of up to 4 letters, in random order.
    ///
    /// - Parameter hasBytes: whether the vocabulary has the tokens of all bytes, for characters without a token.
    private func model(seed: UInt64, hasBytes: Bool = false) throws -> BytePairModel {
        var random = SeededGenerator(seed: seed)
        var contents = ["a", "b", "c", "é"]
        var merges: [(String, String)] = []
        for _ in 0..<40 {
            let left = contents[Int(random.next() % UInt64(contents.count))]
            let right = contents[Int(random.next() % UInt64(contents.count))]
            guard left.count + right.count <= 6, !merges.contains(where: { $0 == (left, right) }) else { continue }
            if !contents.contains(left + right) { contents.append(left + right) }
            merges.append((left, right))
        }
        if hasBytes { contents += (0..<256).map { Self.byteToken(UInt8($0)) } }
        var vocabulary = Vocabulary()
        for (id, content) in contents.enumerated() { try vocabulary.add(content.utf8, id: id, file: "test") }
        var model = BytePairModel(vocabulary, characters: .scalars, ignoresMerges: false, byteFallback: hasBytes)
        for (rank, merge) in merges.enumerated() {
            let pair = [ArraySlice(merge.0.utf8), ArraySlice(merge.1.utf8)]
            let isAdded = model.add(merge: pair, rank: Int32(rank))
            #expect(isAdded)
        }
        return model
    }

    private static func byteToken(_ byte: UInt8) -> String {
        "<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">"
    }

    /// Merges the pair of least rank, the leftmost first, until there is none.
    private func naive(_ text: String, _ model: BytePairModel) -> [Int32] {
        var ids = text.unicodeScalars.flatMap { scalar in
            let known = model.vocabulary.id(of: String(scalar))
            return known.map { [$0] } ?? String(scalar).utf8.compactMap { model.vocabulary.id(of: Self.byteToken($0)) }
        }
        while true {
            let pairs = ids.indices.dropLast().compactMap { index in
                model.merge(ids[index], ids[index + 1]).map { (rank: $0.rank, index: index, id: $0.id) }
            }
            guard let best = pairs.min(by: { ($0.rank, $0.index) < ($1.rank, $1.index) }) else { return ids }
            ids.replaceSubrange(best.index...best.index + 1, with: [best.id])
        }
    }

    private func encode(_ text: String, _ encoder: inout BytePairEncoder) -> [Int32] {
        var ids: [Int32] = []
        var text = text
        text.withUTF8 { encoder.append($0, to: &ids) }
        return ids
    }

    @Test("Merges are those of a naive search, in short and in long words", arguments: 0..<20 as Range<UInt64>)
    func naiveSearch(_ seed: UInt64) throws {
        // The letter d and the mark have no token: they are left out, or their bytes' tokens.
        let model = try model(seed: seed, hasBytes: seed % 2 == 1)
        #expect(model.canBeCut == (seed % 2 == 1))
        var encoder = BytePairEncoder(model)
        var random = SeededGenerator(seed: seed &+ 1000)
        for round in 0..<60 {
            let length = round < 50 ? 1 + random.next() % 30 : 200
            let text = String((0..<length).map { _ in Array("abbccéd\u{2581}")[Int(random.next() % 8)] })
            #expect(encode(text, &encoder) == naive(text, model), "\(text)")
            // From memory.
            #expect(encode(text, &encoder) == naive(text, model), "\(text)")
        }
    }

    @Test("Unknown characters: one token for each, or for neighbors, or none")
    func unknown() throws {
        var vocabulary = Vocabulary()
        for (id, content) in ["?", "a", "<0x78>"].enumerated() {
            try vocabulary.add(content.utf8, id: id, file: "test")
        }
        func ids(_ text: String, fuses: Bool, unknown: Int32? = 0, byteFallback: Bool = false) -> [Int32] {
            var model = BytePairModel(
                vocabulary, characters: .scalars, ignoresMerges: false, byteFallback: byteFallback)
            model.unknown = unknown
            model.fusesUnknown = fuses
            var encoder = BytePairEncoder(model)
            return encode(text, &encoder)
        }
        #expect(ids("xxaéx", fuses: false) == [0, 0, 1, 0, 0])
        #expect(ids("xxaéx", fuses: true) == [0, 1, 0])
        #expect(ids("xxaéx", fuses: true, unknown: nil) == [1])
        // é has two bytes without a token.
        #expect(ids("xxaéx", fuses: false, byteFallback: true) == [2, 2, 1, 2, 0])
    }

    @Test("A word that is a token needs no merges where they are ignored")
    func wholeWords() throws {
        var vocabulary = Vocabulary()
        for (id, content) in ["a", "b", "abab"].enumerated() { try vocabulary.add(content.utf8, id: id, file: "test") }
        for (ignoresMerges, ids) in [(true, [2]), (false, [0, 1, 0, 1])] as [(Bool, [Int32])] {
            var encoder = BytePairEncoder(
                BytePairModel(vocabulary, characters: .bytes, ignoresMerges: ignoresMerges))
            #expect(encode("abab", &encoder) == ids)
        }
    }

    @Test("A word of a million letters takes a moment, not hours")
    func longWord() throws {
        let model = try model(seed: 3)
        var encoder = BytePairEncoder(model)
        let ids = encode(String(repeating: "ab", count: 500_000), &encoder)
        #expect(ids.reduce(0) { $0 + (model.vocabulary.content($1)?.count ?? 0) } == 1_000_000)
    }

    @Test("Merges come out of the queue by rank, then by position")
    func queue() {
        var random = SeededGenerator(seed: 5)
        var queue = MergeQueue()
        var expected: [(rank: Int32, position: Int)] = []
        for _ in 0..<500 {
            let entry = (rank: Int32(random.next() % 20), position: Int(random.next() % 100))
            expected.append(entry)
            queue.push(rank: entry.rank, position: entry.position, id: entry.rank)
        }
        expected.sort { ($0.rank, $0.position) < ($1.rank, $1.position) }
        for entry in expected {
            let popped = queue.pop()
            #expect(popped?.id == entry.rank)
            #expect(popped?.position == entry.position)
        }
        #expect(queue.pop() == nil)
    }

    @Test("Byte strings keep their numbers, equivalent ones apart")
    func byteStrings() {
        var table = ByteStringTable()
        var random = SeededGenerator(seed: 6)
        var numbers: [[UInt8]: Int] = [:]
        for _ in 0..<3000 {
            let string = (0..<random.next() % 4).map { _ in UInt8(random.next() % 6) }
            let known = numbers[string]
            let number = table.insert(string)
            #expect(number == known ?? numbers.count)
            numbers[string] = number
        }
        #expect(table.count == numbers.count)
        for (string, number) in numbers {
            #expect(table.number(of: string) == number && Array(table[number]) == string)
        }
        #expect(table.number(of: [9]) == nil)
        #expect(table.insert(Array("é".utf8)) != table.insert(Array("e\u{301}".utf8)))
    }
}
