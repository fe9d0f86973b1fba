/// What instruments cost a step, from pairs of bursts with and without them.
public enum OwnCost {
    /// Of each pair the fastest step with instruments over the fastest without, less one, in the pairs' order.
    ///
    /// The two bursts of a pair were taken one right after the other, the one with instruments first in every second pair:
    /// what the box does meanwhile touches both alike, and a steady drift cancels from pair to pair. What disturbs a step
    /// only adds to it, while instruments add to every step: so the fastest of a burst tells most of them.
    public static func ratios(plain: [StepSample], instrumented: [StepSample]) -> [Double] {
        let without = byPair(plain), with = byPair(instrumented)
        return without.keys.sorted().compactMap { pair in
            guard let plain = without[pair], let instrumented = with[pair] else { return nil }
            // Of as many, since the fastest of more is faster.
            let count = min(plain.count, instrumented.count)
            guard let before = plain.prefix(count).min(), let after = instrumented.prefix(count).min(), before > 0
            else { return nil }
            return after / before - 1
        }
    }

    private static func byPair(_ steps: [StepSample]) -> [Int: [Double]] {
        steps.reduce(into: [:]) { seconds, step in
            if let pair = step.pair { seconds[pair, default: []].append(step.seconds) }
        }
    }
}
