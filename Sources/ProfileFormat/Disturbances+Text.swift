import Quantities
import SystemIO

extension Disturbances {
    /// Share of the measured time from which on a run counts as disturbed, where steps and windows that took so long were
    /// rejected. Below it, those that are left stand for the quiet box: of each, the tolerances bound what a disturbance
    /// that began or ended in it did, and the trimmed means leave out a fifth of the steps at each end.
    package static let maximumShare = 0.2
    /// Rejected steps and windows up to which a run does not count as disturbed, however short it is.
    package static let toleratedCount = 2.0

    /// Whether so much was rejected that the rest may be affected too.
    package var isTooMuch: Bool {
        // As floating-point numbers, since a file may claim any count.
        let count = causes.reduce(0) { $0 + Double($1.count) }
        let seconds = causes.reduce(0) { $0 + $1.seconds }
        return count > Self.toleratedCount && seconds >= Self.maximumShare * measuredSeconds
    }

    /// The cause that took the most time; other processes count as one.
    package var mainCause: Disturbance? { parts.first?.causes.first?.cause }

    /// Every cause with its share of the measured time, the largest first: `other processes used 1.4 of 2 CPUs in 63 % of
    /// the time: python3 train.py (1.1 CPUs); ...`. Empty without a rejection.
    package var summary: String {
        parts.enumerated().map { place, part -> String in
            let share = measuredSeconds > 0 ? part.seconds / measuredSeconds : 0
            var text = "\(part.text(of: self)) in "
            text += share < 0.01 ? "less than 1 %" : NumberText.percent(share, digits: 0)
            if place == 0 { text += " of the time" }
            if part.namesProcesses, let processList { text += ": \(processList)" }
            return text
        }.joined(separator: "; ")
    }

    /// The processes with what each used; `nil` where none is known.
    package var processList: String? {
        guard let processes, !processes.isEmpty else { return nil }
        return processes.prefix(Self.maximumProcesses).map {
            "\(PlainText.name($0.command)) (\(Self.processors($0.processors)))"
        }.joined(separator: ", ")
    }

    /// `1.1 CPUs`, without a digit that would say nothing.
    private static func processors(_ number: Double) -> String {
        number < 0.05 ? "less than 0.1 CPUs" : "\(NumberText.fixed(number, digits: 1)) CPUs"
    }

    /// Causes that are one to the reader.
    private struct Part {
        var causes: [DisturbanceCause]

        var seconds: Double { causes.reduce(0) { $0 + $1.seconds } }
        private var isContention: Bool { causes.contains { $0.cause.isContention } }

        /// Below it, what the threads waited for was not another process.
        private static let minimumProcessors = 0.05

        /// Weighted by time; `nil` where it is not known.
        private func mean(_ value: KeyPath<DisturbanceCause, Double?>) -> Double? {
            let known = causes.filter { $0[keyPath: value] != nil && $0.seconds > 0 }
            let seconds = known.reduce(0) { $0 + $1.seconds }
            guard seconds > 0 else { return nil }
            return known.reduce(0) { $0 + ($1[keyPath: value] ?? 0) * $1.seconds } / seconds
        }

        var namesProcesses: Bool { isContention && (mean(\.otherProcessors) ?? 1) >= Self.minimumProcessors }

        func text(of all: Disturbances) -> String {
            let of = all.processorCount.map { " of \($0)" } ?? ""
            func used(_ number: Double) -> String { "\(NumberText.fixed(number, digits: 1))\(of) CPUs" }
            switch causes.first?.cause {
            case .otherLoad, .waiting, .switches:
                guard namesProcesses else { return "threads of the run waited for a processor" }
                return mean(\.otherProcessors).map { "other processes used \(used($0))" }
                    ?? "other processes took processors away"
            case .quota: return "the CPU quota of the control group stopped the run"
            case .steal:
                return mean(\.stealProcessors).map { "the hypervisor took \(used($0))" }
                    ?? "the hypervisor took processors away"
            case .throttling: return "the processor was throttled"
            case .hotplug: return "CPUs went on or off line"
            case .pageFaults: return "pages were read from disk"
            case .frequency: return "the frequency changed"
            case .speed: return "the processor had another speed, as beside busy neighbors on a host"
            case .temperature: return "the temperature changed"
            case nil: return "nothing"
            }
        }
    }

    private var parts: [Part] {
        let contention = causes.filter(\.cause.isContention).sorted { $0.seconds > $1.seconds }
        let others = causes.filter { !$0.cause.isContention }.map { Part(causes: [$0]) }
        return ((contention.isEmpty ? [] : [Part(causes: contention)]) + others).sorted { $0.seconds > $1.seconds }
    }
}
