import Estimation
import MeterProgram
import ProbeKit
import ProfileFormat
import Quantities
import SystemIO
import SystemPackage

extension MeterSelection {
    /// The meter that a program reads, after a trial that shows how late it is.
    ///
    /// - Parameter origin: of the box that it measures.
    static func reported(
        by command: [String], origin: Origin
    ) throws(KerfError) -> (any EnergyMeter, MeterDescription) {
        let meter = try ProgramMeter(command, origin: origin, launcher: "/proc/self/exe")
        do throws(KerfError) {
            let fit = try LoadTrial(meter).run()
            meter.use(MeterLag(shortestSeconds: fit.lowerSeconds, longestSeconds: fit.longestSeconds))
            return (meter, MeterDescription(of: meter, fit))
        } catch {
            meter.stop()
            throw error
        }
    }
}

extension MeterDescription {
    /// Describes a meter that a program reads.
    init(of meter: ProgramMeter, _ fit: MeterDelayFit) {
        let gaps = meter.series?.entries.dropFirst().map(\.seconds).filter { $0 > 0 } ?? []
        self.init(
            name: meter.name, origin: meter.origin, domains: meter.tree.domains, totalOf: [meter.domain],
            updateIntervalSeconds: Quantity(
                value: meter.intervalSeconds, count: gaps.count, origin: meter.origin,
                reason: "median time between two samples"),
            updates: CounterUpdates(intervalsSeconds: [meter.intervalSeconds], resolutionJoules: nil),
            reason:
                "\(meter.domain) is what \(meter.meterName) measures: all that is behind it, the power supply's losses "
                + "included, and not the processor's package alone")
        program = MeterProgramDescription(
            meter: meter.meterName, reports: meter.series?.kind == .joules ? .joules : .watts,
            clock: meter.series?.hasClock == true ? .program : .arrival,
            delaySeconds: Quantity(
                value: fit.delaySeconds, lower: fit.lowerSeconds, upper: fit.upperSeconds, confidence: 0.95,
                count: fit.sampleCount, origin: meter.origin, reason: "least squares of the power under a known load"),
            averagingSeconds: fit.averagingSeconds, resolutionWatts: meter.series?.resolutionWatts,
            explainedShare: max(0, fit.explainedShare),
            minimumWindowSeconds: meter.minimumWindowSeconds)
        count(meter)
    }

    /// Counts what the program has reported so far.
    mutating func count(_ meter: ProgramMeter) {
        guard let series = meter.series else { return }
        program?.samples = series.sampleCount
        program?.missing = series.missingCount
        program?.repeated = series.repeatedCount
        program?.backward = series.backwardCount
        program?.refusedLines = meter.refusedCount
        program?.longestGapSeconds = series.longestGapSeconds
        program?.ended = meter.failure.map { PlainText.shown($0.message) }
    }
}
