import ProfileFormat
import Quantities
import SystemIO
import Workload

/// Profiles of one box, model and workload, pooled into one.
struct ProfilePool {
    /// A profile and the user's name for it.
    struct Member {
        var name: String
        var sha256: String
        var profile: Profile

        /// The calibration's record of it.
        var source: ProfileSource {
            ProfileSource(sha256: sha256, created: profile.created, kerfVersion: profile.kerfVersion)
        }
    }

    /// Maximum relative difference of the running frequencies within a pool.
    static let frequencyTolerance = 0.05

    /// Ordered by their hashes, so that the order of the arguments has no effect.
    let members: [Member]

    /// - Parameter mayDiffer: whether batch, sequence and rank may differ. What is pooled then is of the box alone: idle
    ///   windows, roofline, disturbances.
    /// - Throws: ``KerfError/Code/unusableData`` when a profile was given twice, which would make intervals too narrow,
    ///   or when two differ in what they measured; the field is named.
    init(_ given: [Member], inShape mayDiffer: Bool = false) throws {
        members = given.sorted { $0.sha256 < $1.sha256 }
        for (left, right) in zip(members, members.dropFirst()) where left.sha256 == right.sha256 {
            throw KerfError(.unusableData, at: right.name, "the same profile as \(left.name)", remedy: "give it once")
        }
        guard let first = members.first else { return }
        for other in members.dropFirst() {
            let (own, theirs) = (
                Subject(first.profile, ignoringShape: mayDiffer), Subject(other.profile, ignoringShape: mayDiffer)
            )
            // Layers and their kernels follow from the workload, which is what the user chose.
            if let difference = try JSONDifference.first(between: own.chosen, and: theirs.chosen)
                ?? JSONDifference.first(between: own, and: theirs)
            {
                throw KerfError(
                    .unusableData, at: other.name,
                    "cannot be pooled with \(first.name): \(difference.path) is \(difference.right) here and "
                        + "\(difference.left) there",
                    remedy: "calibrate them separately")
            }
            guard first.profile.box.isIdentified else {
                throw KerfError(
                    .unusableData, at: other.name,
                    "cannot be pooled with \(first.name): box.cpu_model is \"\(BoxIdentity.unknownProcessor)\" in both, "
                        + "so that they may be of different boxes",
                    remedy: "calibrate them separately")
            }
        }
        try checkFrequencies()
    }

    /// All samples, in the members' order; everything that is equal in all comes from the first.
    ///
    /// - Precondition: at least one member.
    var pooled: Profile {
        var pool = members[0].profile
        pool.frequency.runningHertz = envelope(members.map(\.profile.frequency.runningHertz))
        let references = members.compactMap(\.profile.frequency.referenceSeconds)
        pool.frequency.referenceSeconds = references.count == members.count ? envelope(references) : nil
        pool.roofline = best(members.compactMap(\.profile.roofline))
        pool.disturbances = Disturbances(joining: members.compactMap(\.profile.disturbances))
        pool.meter.updateIntervalSeconds = envelope(members.map(\.profile.meter.updateIntervalSeconds))
        pool.layerTimes = pool.layerTimes.map { first in
            var joined = first
            for other in members.dropFirst() {
                guard let times = other.profile.layerTimes.first(where: { $0.pass == first.pass }) else { continue }
                joined.seconds += times.seconds
                for kernel in joined.kernels.keys { joined.kernels[kernel]? += times.kernels[kernel] ?? [] }
            }
            return joined
        }
        for other in members.dropFirst().map(\.profile) {
            // Pair numbers must be unique over all runs.
            let first = 1 + ((pool.steps + (pool.instrumentedSteps ?? [])).compactMap(\.pair).max() ?? -1)
            pool.steps += other.steps.renumbered(from: first)
            if let steps = other.instrumentedSteps {
                pool.instrumentedSteps = (pool.instrumentedSteps ?? []) + steps.renumbered(from: first)
            }
            if let pairs = other.instrumentationOverheadPairs {
                pool.instrumentationOverheadPairs = (pool.instrumentationOverheadPairs ?? []) + pairs
            }
            if let traces = other.stepTraces {
                pool.stepTraces = (pool.stepTraces ?? []) + traces.renumbered(from: first)
            }
            pool.idleWindows += other.idleWindows
            pool.energyWindows += other.energyWindows
            pool.rejections += other.rejections
            // The course of each run is its own.
            pool.conditions = nil
            guard let sweep = other.frequencySweep else { continue }
            if pool.frequencySweep == nil {
                pool.frequencySweep = sweep
            } else {
                pool.frequencySweep?.append(sweep)
            }
        }
        let byReason = Dictionary(grouping: pool.rejections, by: \.reason)
        pool.rejections = byReason.keys.sorted().map { reason in
            Rejection(reason: reason, count: (byReason[reason] ?? []).reduce(0) { $0 &+ $1.count })
        }
        return pool
    }

    private func checkFrequencies() throws {
        let frequencies = members.compactMap { $0.profile.frequency.runningHertz.value }
        guard let low = frequencies.min(), let high = frequencies.max(), high > low * (1 + Self.frequencyTolerance)
        else { return }
        throw KerfError(
            .unusableData, at: members.map(\.name).joined(separator: ", "),
            "cannot be pooled: frequency.running_hertz ranges from \(low) to \(high)",
            remedy: "calibrate them separately")
    }

    /// The highest rates of any run.
    private func best(_ roofline: [Roofline]) -> Roofline? {
        func highest(_ rate: KeyPath<Roofline, Quantity>) -> Quantity? {
            roofline.map { $0[keyPath: rate] }.max { ($0.value ?? 0) < ($1.value ?? 0) }
        }
        guard let flops = highest(\.flopsPerSecond), let bytes = highest(\.bytesPerSecond) else { return nil }
        return Roofline(flopsPerSecond: flops, bytesPerSecond: bytes)
    }

    /// The mean weighted by count, with the lowest and the highest bound of all.
    private func envelope(_ quantities: [Quantity]) -> Quantity {
        guard quantities.count > 1 else { return quantities[0] }
        let known = quantities.filter { $0.value != nil }
        guard known.count == quantities.count else { return quantities.first { $0.value == nil } ?? quantities[0] }
        var joined = quantities[0]
        let weights = known.map { Double(max(1, $0.count)) }
        joined.value = zip(known, weights).reduce(0) { $0 + ($1.0.value ?? 0) * $1.1 } / weights.reduce(0, +)
        joined.count = known.reduce(0) { $0 + $1.count }
        joined.origin = Origin.weakest(known.map(\.origin))
        // The envelope is not a Student's t interval.
        joined.degreesOfFreedom = nil
        if known.allSatisfy({ $0.lower != nil && $0.upper != nil }) {
            joined.lower = known.compactMap(\.lower).min()
            joined.upper = known.compactMap(\.upper).max()
        } else {
            (joined.lower, joined.upper, joined.confidence) = (nil, nil, nil)
        }
        return joined
    }

    /// The part of a profile that must be equal for its samples to be pooled.
    private struct Subject: Encodable {
        struct Chosen: Encodable {
            var workload: WorkloadDescription
        }

        var chosen: Chosen { Chosen(workload: workload) }

        var box: BoxIdentity
        var frequency: [String: Quantity]
        var frequencySettable: Bool
        var rated: RatedDescription
        var meter: MeterDescription
        var model: ModelDescription
        var workload: WorkloadDescription
        var weightResidency: WeightResidency
        var confidence: Double
        var layers: [LayerDescription]
        /// Which meter a program read, and what it reports.
        var meterProgram: String?
        /// Layer passes and kernels that were timed.
        var timed: [String]

        init(_ profile: Profile, ignoringShape: Bool) {
            box = profile.box
            frequency = [
                "minimum_hertz": profile.frequency.minimumHertz, "maximum_hertz": profile.frequency.maximumHertz,
            ]
            frequencySettable = profile.frequency.settable
            rated = profile.rated
            meter = profile.meter
            // Measured before each run.
            meter.updateIntervalSeconds = .unavailable("not compared")
            meter.resolutionJoules = nil
            meter.sampling = nil
            meterProgram = meter.program.map { "\($0.meter), \($0.reports.rawValue)" }
            meter.program = nil
            meter.updates = nil
            model = profile.model
            workload = profile.workload
            weightResidency = profile.settings.weightResidency
            confidence = profile.settings.confidence
            layers = profile.layers
            timed = profile.layerTimes.map { "\($0.pass) \($0.kernels.keys.sorted())" }.sorted()
            guard ignoringShape else { return }
            // Alpha is given for each rank.
            workload.loraAlpha /= Double(max(1, workload.loraRank))
            (workload.batch, workload.sequence, workload.loraRank) = (0, 0, 0)
            layers = []
        }
    }
}

extension [StepSample] {
    fileprivate func renumbered(from first: Int) -> [StepSample] {
        map { StepSample(seconds: $0.seconds, cpuSeconds: $0.cpuSeconds, pair: $0.pair.map { $0 + first }) }
    }
}

extension [StepTrace] {
    fileprivate func renumbered(from first: Int) -> [StepTrace] {
        map { trace in
            var trace = trace
            trace.pair = trace.pair.map { $0 + first }
            return trace
        }
    }
}
