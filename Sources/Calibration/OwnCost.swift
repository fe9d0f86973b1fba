public import Statistics

/// What instruments cost a step in time, from steps in which they were on by turns.
public enum OwnCost {
    /// Seconds that a step takes longer with every instrument on, over those of a step without; `nil` without pairs.
    ///
    /// A step may differ from the next by some per cent; a pass with instruments differs from the same pass without as
    /// randomly, but there are many passes, and since a coin decided which of the two came first, what the box did adds to
    /// their differences as often as it takes away. So differences scatter evenly around what instruments cost, and a
    /// trimmed mean over passes that are alike finds it whatever the scatter looks like. What lies between passes is a look
    /// at the counters and nothing else: it is averaged as it is.
    ///
    /// - Parameters:
    ///   - pairs: of one model.
    ///   - layerCount: embedding, blocks and head; each pair has a pass of each forward, and backward but for the embedding.
    public static func ratio(of pairs: [OwnCostPair], layerCount: Int, confidence: Double = 0.95) -> Estimate? {
        guard layerCount >= 2, var seconds = Estimate.mean(of: pairs.map(\.looksSeconds), confidence: confidence),
            let step = TrimmedSteps(totals: pairs.map { $0.plainSeconds.reduce(0, +) }).total()?.value, step > 0
        else { return nil }
        for passes in alike(layerCount: layerCount) {
            let differences = pairs.flatMap { pair in
                passes.map { pair.instrumentedSeconds[$0] - pair.plainSeconds[$0] }
            }
            guard let difference = TrimmedSteps(totals: differences).total(confidence: confidence) else { continue }
            seconds = seconds + difference.scaled(by: Double(passes.count))
        }
        return seconds.scaled(by: 1 / step)
    }

    /// Places, in a step, of the passes that do the same: the embedding, the blocks forward, the head either way, the
    /// blocks backward.
    private static func alike(layerCount: Int) -> [Range<Int>] {
        let head = layerCount - 1
        return [
            0..<1, 1..<head, head..<layerCount, layerCount..<(layerCount + 1), (layerCount + 1)..<(2 * layerCount - 1),
        ]
        .filter { !$0.isEmpty }
    }
}
