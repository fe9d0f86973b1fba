import Calibration
import ProfileFormat
import Quantities
import Workload

/// What else differs between a baseline and another side, and what the intervals of their ratios hold; one sentence each.
struct ComparisonNotes {
    private let baseline: ComparedSide
    private let other: ComparedSide
    private let source: BetweenRuns
    private let declared: Double?

    /// Relative difference of the frequency, or of the time of a fixed piece of arithmetic, from which it is told.
    private static let speedDifference = 0.02
    /// Difference of the temperature from which it is told, in kelvins.
    private static let temperatureDifference = 5.0
    /// Fewer runs have an interval that is very wide.
    private static let usefulRuns = 3

    init(_ baseline: ComparedSide, _ other: ComparedSide, _ source: BetweenRuns, _ declared: Double?) {
        self.baseline = baseline
        self.other = other
        self.source = source
        self.declared = declared
    }

    var sentences: [String] { [runs, shared, boxes, frequency, temperature, residency].compactMap(\.self) + meters }

    private var names: String { "\(baseline.name) and \(other.name)" }

    /// `threads 4 and 8`
    private static func difference(_ name: String, _ own: String?, _ theirs: String?) -> String? {
        own == theirs ? nil : "\(name) \(own ?? "unknown") and \(theirs ?? "unknown")"
    }

    // MARK: - Runs

    private var runs: String? {
        switch source {
        case .sameProfiles: return "\(names) are of the same profiles: equal values have a ratio of exactly 1."
        case .notIncluded:
            let interpolated = [baseline, other].filter { $0.profiles.count > $0.runs }.map(\.name)
            guard interpolated.isEmpty else {
                return
                    "\(interpolated.joined(separator: " and ")): interpolated between workloads, so that how runs of one "
                    + "box differ is not in the intervals."
            }
            return "One profile a side: how runs of one box differ is not in the intervals, and may be taken for a "
                + "difference between the files. Pool \(Self.usefulRuns) or more profiles a side into a calibration."
        case .declared:
            return
                "Runs are declared to differ by \(NumberText.percent(declared ?? 0)), one standard deviation; this is "
                + "in the intervals of a side of one profile."
        case .borrowed:
            let (several, single) = baseline.runs > 1 ? (baseline, other) : (other, baseline)
            return "\(single.name) is one profile: its run is taken to differ from others as the "
                + "\(several.runs) of \(several.name) do."
                + (several.runs < Self.usefulRuns ? " Two runs tell little." : "")
        case .measured:
            guard min(baseline.runs, other.runs) < Self.usefulRuns else { return nil }
            return "A side of two profiles tells little of how runs differ, and intervals are wide: pool "
                + "\(Self.usefulRuns) or more."
        }
    }

    private var shared: String? {
        guard source != .sameProfiles else { return nil }
        let count = Set(baseline.profiles.map(\.sha256)).intersection(other.profiles.map(\.sha256)).count
        guard count > 0 else { return nil }
        return
            "\(names) share \(count == 1 ? "a profile" : "\(count) profiles"): they differ less than they would, and "
            + "the intervals are too wide."
    }

    // MARK: - The box

    private var boxes: String? {
        let (own, theirs) = (baseline.box, other.box)
        let cores = { (box: BoxIdentity) in "\(box.cores)" }
        let engine = { (box: BoxIdentity) in "\(box.engine.name) \(box.engine.version)" }
        let found = [
            Self.difference("processors", own.cpuModel, theirs.cpuModel),
            Self.difference("cores", cores(own), cores(theirs)),
            Self.difference("threads", "\(baseline.engineThreads)", "\(other.engineThreads)"),
            Self.difference("pinned", baseline.pinned.map(String.init), other.pinned.map(String.init)),
            Self.difference("engines", engine(own), engine(theirs)),
            Self.difference("instruction sets", own.engine.instructionSet, theirs.engine.instructionSet),
            Self.difference("governors", own.governor, theirs.governor),
            Self.difference("kernels", own.kernelRelease, theirs.kernelRelease),
            Self.difference("microcodes", own.microcode, theirs.microcode),
            Self.difference("hypervisors", own.hypervisor ?? "none", theirs.hypervisor ?? "none"),
            Self.difference("builds of Kerf", own.kerfBuild, theirs.kerfBuild),
        ].compactMap(\.self)
        return found.isEmpty ? nil : "The boxes of \(names) differ: \(found.joined(separator: "; "))."
    }

    private var frequency: String? {
        if let own = baseline.runningHertz.value, let theirs = other.runningHertz.value {
            guard Self.differ(own, theirs) else { return nil }
            return "The processors of \(names) ran at \(NumberText.si(own, "Hz")) and \(NumberText.si(theirs, "Hz"))."
        }
        guard let own = baseline.referenceSeconds?.value, let theirs = other.referenceSeconds?.value,
            Self.differ(own, theirs)
        else { return nil }
        return "A fixed piece of arithmetic took \(NumberText.si(own, "s")) in \(baseline.name) and "
            + "\(NumberText.si(theirs, "s")) in \(other.name): the processors ran at different speeds."
    }

    private static func differ(_ own: Double, _ theirs: Double) -> Bool {
        guard own > 0, theirs > 0 else { return false }
        return max(own, theirs) > (1 + speedDifference) * min(own, theirs)
    }

    private var temperature: String? {
        guard let own = baseline.medianCelsius, let theirs = other.medianCelsius,
            abs(own - theirs) > Self.temperatureDifference
        else { return nil }
        let text = [own, theirs].map { NumberText.fixed($0, digits: 0) }
        return "The processors of \(names) were at \(text[0]) and \(text[1]) °C."
    }

    private var residency: String? {
        Self.difference("weights were", baseline.weightResidency.rawValue, other.weightResidency.rawValue).map {
            "In memory, \($0) in \(names): layers whose weights are shared or streamed are measured faster than they would be."
        }
    }

    // MARK: - Energy

    private var meters: [String] {
        let (own, theirs) = (baseline.meter, other.meter)
        guard own.origin != .unavailable, theirs.origin != .unavailable else {
            let missing = [(baseline, own), (other, theirs)].filter { $0.1.origin == .unavailable }
            return missing.map { side, meter in
                "Energies are n/a: \(side.name) has no meter (\(meter.reason ?? "no energy meter"))."
            }
        }
        var sentences: [String] = []
        if own.domainKinds != theirs.domainKinds {
            sentences.append(
                "Energies are of different domains and do not compare as they are: \(own.text) in \(baseline.name), "
                    + "\(theirs.text) in \(other.name).")
        } else if own.name != theirs.name {
            sentences.append("Energies are read by different meters: \(own.text) and \(theirs.text).")
        }
        if own.origin != theirs.origin {
            sentences.append(
                "Energies are \(own.origin.rawValue) in \(baseline.name) and \(theirs.origin.rawValue) in \(other.name)."
            )
        }
        return sentences
    }

    // MARK: - All sides

    /// Warnings that do not belong to one pair.
    static func warnings(_ sides: [ComparedSide]) -> [String] {
        let origins = sides.map(\.energyOriginWords)
        // Sides that have it in common are named together.
        let energies = origins.enumerated().compactMap { place, words -> String? in
            guard let words, origins.firstIndex(of: words) == place else { return nil }
            let names = zip(sides, origins).filter { $0.1 == words }.map(\.0.name)
            return "Energies of \(names.joined(separator: ", ")) are \(words)."
        }
        // What makes a side's own times or energies uncertain.
        return energies
            + sides.flatMap { side in
                side.warnings.filter { warning in
                    ["Disturbed", "Closure", "The processor was"].contains { warning.hasPrefix($0) }
                        || warning.contains(" was not measured: it is interpolated")
                }.map { "\(side.name): \($0)" }
            }
    }
}

extension ComparedSide {
    /// `simulated (...); no meter was read`; `nil` for energies that were measured, and where there are none.
    fileprivate var energyOriginWords: String? {
        if let board = box.virtualBoard { return "simulated (\(board)); no meter was read" }
        guard [.simulated, .modelled, .recorded].contains(meter.origin) else { return nil }
        return meter.origin.rawValue + (meter.reason.map { " (\($0))" } ?? "")
    }
}
