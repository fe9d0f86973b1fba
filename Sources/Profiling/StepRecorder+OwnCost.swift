import Calibration
import Statistics

/// Steps with instruments on by turns.
extension StepRecorder {
    /// Runs two steps: in the first a coin decides for every pass whether instruments are on, in the second they are on
    /// where they were off. See ``OwnCost``.
    mutating func takeByTurns(
        isLooking: Bool, using generator: inout SeededGenerator, checkpoint: () throws -> Void
    ) throws {
        let heads = (0...order.count).map { _ in Bool.random(using: &generator) }
        try take(isInstrumented: heads, isLooking: isLooking, checkpoint: checkpoint)
        try take(isInstrumented: heads.map { !$0 }, isLooking: isLooking, checkpoint: checkpoint)
    }

    /// What was recorded by turns, two steps at a time.
    func ownCostPairs() -> [OwnCostPair] {
        stride(from: 0, to: taken.count - 1, by: 2).map { first in
            func pairs<Value>(_ value: (_ place: Int, _ step: Int) -> Value, of places: Range<Int>) -> (
                on: [Value], off: [Value]
            ) {
                places.reduce(into: ([], [])) { both, place in
                    let isFirst = taken[first].isInstrumented[place]
                    both.on.append(value(place, isFirst ? first : first + 1))
                    both.off.append(value(place, isFirst ? first + 1 : first))
                }
            }
            let passes = pairs(seconds(of:step:), of: 0..<order.count)
            // Without a meter there are no looks, and what is between the passes may be a load.
            let between = meter == nil ? ([], []) : pairs(secondsBefore(pass:step:), of: 0..<(order.count + 1))
            return OwnCostPair(
                instrumentedSeconds: passes.on, plainSeconds: passes.off,
                looksSeconds: between.0.reduce(0, +) - between.1.reduce(0, +))
        }
    }
}
