import SystemIO

/// The merges of a SentencePiece model, which has scores instead: two tokens make a third if their contents make its
/// content, the one of the highest score first.
///
/// Source: SentencePiece, bpe_model.cc.
struct ScoredMerges {
    /// Limits the time that a hostile vocabulary takes: the sum of the squares of its contents' lengths. That of 260,000
    /// tokens with 20 bytes each is 2^27.
    private static let costLimit = 1 << 32

    let vocabulary: Vocabulary
    /// By id.
    let scores: [Float]
    /// By id: whether a token takes part in merges. Control, byte and user-defined tokens do not.
    let isMade: [Bool]
    let file: String

    func add(to model: inout BytePairModel) throws(KerfError) {
        let ranks = try ranks()
        var cost = 0
        for id in 0..<Int32(vocabulary.size) where isMade[Int(id)] {
            guard let content = vocabulary.content(id) else { continue }
            cost += content.count * content.count
            guard cost <= Self.costLimit else {
                throw KerfError(.malformed, at: file, "tokenizer.ggml.tokens has too many long tokens")
            }
            let merge = BytePairModel.Merge(rank: ranks[Int(id)], id: id)
            content.withUnsafeBufferPointer { content in
                for cut in 1..<max(content.count, 1) where content[cut] & 0xC0 != 0x80 {
                    guard let left = part(content[..<cut]), let right = part(content[cut...]) else { continue }
                    model.add(left, right, merge)
                }
            }
        }
    }

    private func part(_ content: Slice<UnsafeBufferPointer<UInt8>>) -> Int32? {
        guard let id = vocabulary.id(of: UnsafeBufferPointer(rebasing: content)), isMade[Int(id)] else { return nil }
        return id
    }

    /// Rank of each token by its score, the highest first; equal scores have equal ranks.
    private func ranks() throws(KerfError) -> [Int32] {
        guard scores.allSatisfy({ !$0.isNaN }) else {
            throw KerfError(.malformed, at: file, "tokenizer.ggml.scores has a value that is not a number")
        }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var ranks = [Int32](repeating: 0, count: scores.count)
        for (place, id) in order.enumerated() {
            let isTied = place > 0 && scores[order[place - 1]] == scores[id]
            ranks[id] = isTied ? ranks[order[place - 1]] : Int32(place)
        }
        return ranks
    }
}
