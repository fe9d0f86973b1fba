import Estimation
import Statistics
import Testing

/// How late a meter is, against planted delays in simulated time.
@Suite("Delay of a meter")
struct MeterDelayFitTests {
    enum Kind: CaseIterable, CustomStringConvertible {
        /// The mean of the second before.
        case mean
        /// The power of the moment.
        case moment
        /// The mean of two seconds.
        case slow
        /// A counter.
        case counter

        var averagingSeconds: Double {
            switch self {
            case .mean, .counter: 1
            case .moment: 0.001
            case .slow: 2
            }
        }

        var description: String { "\(averagingSeconds) s" }
    }

    /// A load of random turns on two processors, of which others take some.
    private static func load(_ random: inout SeededGenerator) -> KnownLoad {
        var load = KnownLoad()
        var (time, total) = (0.0, 0.0)
        func pass(_ seconds: Double, _ processors: Double) {
            for _ in 0..<Int(seconds / 0.005) {
                load.add(seconds: time, totalProcessorSeconds: total)
                time += 0.005
                total += 0.005 * processors
            }
        }
        pass(2, 0)
        for turn in 0..<10 {
            pass(1 + 2 * random.uniform(), turn % 2 == 0 ? 1.5 + 0.5 * random.uniform() : 0)
        }
        pass(2.5, 0)
        return load
    }

    private static func samples(
        _ kind: Kind, delay: Double, noise: Double, _ load: KnownLoad, _ random: inout SeededGenerator
    ) -> [MeterDelayFit.Sample] {
        let last = load.lastSeconds ?? 0
        let phase = random.uniform()
        return stride(from: phase + 0.5, through: last, by: 1).compactMap { time in
            let busy = load.processors(from: time - delay - kind.averagingSeconds, to: time - delay)
            let watts = 30 + 10 * busy + noise * 20 * random.normal()
            // Some are missing.
            guard random.uniform() > 0.05 else { return nil }
            return .init(seconds: time, watts: watts, averagingSeconds: kind == .counter ? 1 : nil)
        }
    }

    @Test("the interval holds the planted delay as often as it says", arguments: Kind.allCases, [0.02, 0.15])
    func coverage(_ kind: Kind, noise: Double) throws {
        var random = SeededGenerator(seed: 4)
        let count = 200
        var (held, safe) = (0, 0)
        var (widths, errors): ([Double], [Double]) = ([], [])
        for _ in 0..<count {
            let load = Self.load(&random)
            let delay = 1.5 * random.uniform()
            let samples = Self.samples(kind, delay: delay, noise: noise, load, &random)
            let fit = try #require(MeterDelayFit(samples, load: load, intervalSeconds: 1))
            if fit.lowerSeconds <= delay, delay <= fit.upperSeconds { held += 1 }
            let averaging = kind == .counter ? 0 : kind.averagingSeconds
            // What a window needs: no sample holds anything from outside.
            if fit.lowerSeconds <= delay, delay + averaging <= fit.longestSeconds { safe += 1 }
            widths.append(fit.upperSeconds - fit.lowerSeconds)
            errors.append(abs(fit.delaySeconds - delay))
        }
        let share = Double(held) / Double(count)
        // 95 % less three standard errors of the simulation.
        #expect(share >= 0.904, "\(kind): \(share)")
        #expect(Double(safe) / Double(count) >= 0.904, "\(kind): \(safe) of \(count)")
        let (width, error) = (widths.sorted()[count / 2], errors.sorted()[count / 2])
        #expect(width < (noise < 0.1 ? 0.3 : 1), "\(kind): \(width) s")
        #expect(error < width / 2, "\(kind): \(error) s")
    }

    @Test func powersAndShareAreThoseThatWerePlanted() throws {
        var random = SeededGenerator(seed: 9)
        let load = Self.load(&random)
        let samples = Self.samples(.mean, delay: 0.3, noise: 0, load, &random)
        let fit = try #require(MeterDelayFit(samples, load: load, intervalSeconds: 1))
        #expect(abs(fit.delaySeconds - 0.3) < 0.03 && fit.averagingSeconds == 1)
        #expect(abs(fit.idleWatts - 30) < 0.3 && abs(fit.wattsPerProcessor - 10) < 0.3)
        #expect(fit.explainedShare > 0.999 && fit.sampleCount == samples.count)
    }

    /// The plug of another box: its power has nothing to do with the load.
    @Test func aMeterOfAnotherBoxIsNotExplained() throws {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<50 {
            let load = Self.load(&random)
            let samples = (0..<25).map { MeterDelayFit.Sample(seconds: Double($0), watts: 60 + random.normal()) }
            let share = MeterDelayFit(samples, load: load, intervalSeconds: 1)?.explainedShare ?? 0
            #expect(share < 0.7)
        }
        let load = Self.load(&random)
        let still = (0..<25).map { MeterDelayFit.Sample(seconds: Double($0), watts: 60) }
        #expect(MeterDelayFit(still, load: load, intervalSeconds: 1) == nil)
        #expect(MeterDelayFit([], load: load, intervalSeconds: 1) == nil)
    }
}
