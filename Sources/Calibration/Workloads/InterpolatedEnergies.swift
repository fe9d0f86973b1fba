import ProfileFormat
import Quantities
import Statistics
import Workload

/// Energies at a workload that was not measured: interpolated powers times interpolated times.
///
/// The power of a pass changes little from workload to workload where its time changes in proportion to the work, so
/// the power is what is interpolated.
struct InterpolatedEnergies: EnergySource {
    let interpolation: Interpolation
    let stepTime: Estimate
    private let fits: [EnergyFit]
    private let work: WorkMeasures

    var confidence: Double { fits[0].confidence }
    var origin: Origin { Origin.weakest([.modelled, fits[0].meter.origin]) }
    var remedy: String { "profile a workload nearer to it, or for longer" }

    /// - Parameter fits: one for each of the grid's workloads.
    init(_ interpolation: Interpolation, _ fits: [EnergyFit], _ work: WorkMeasures, stepTime: Estimate) {
        (self.interpolation, self.fits, self.work, self.stepTime) = (interpolation, fits, work, stepTime)
    }

    func power(_ subject: EnergyFit.Subject) -> EnergyFit.Outcome { outcome(subject) { $0.power(subject) } }

    func netOutcome(_ subject: EnergyFit.Subject) -> EnergyFit.Outcome { outcome(subject) { $0.netOutcome(subject) } }

    func grossPower(_ subject: EnergyFit.Subject) -> Quantity { quantity(power(subject), interpolation.text) }

    func netPower(_ subject: EnergyFit.Subject) -> Quantity { quantity(netOutcome(subject), interpolation.text) }

    func grossEnergy(_ subject: EnergyFit.Subject, time: Estimate) -> Quantity {
        quantity(
            energy(power(subject), time), "power times time, both \(interpolation.text)", negligible: negligibleJoules)
    }

    func netEnergy(_ subject: EnergyFit.Subject, time: Estimate) -> Quantity {
        quantity(
            energy(netOutcome(subject), time), "power less idle power, times time, both \(interpolation.text)",
            negligible: negligibleJoules)
    }

    private func outcome(
        _ subject: EnergyFit.Subject, _ ofFit: (EnergyFit) -> EnergyFit.Outcome
    ) -> EnergyFit.Outcome {
        guard fits[0].meter.origin != .unavailable else { return .unknown(fits[0].noMeter) }
        for corner in interpolation.cell.corners {
            guard case .unknown(let reason) = ofFit(fits[corner.workload]) else { continue }
            return .unknown("at \(interpolation.grid.points[corner.workload]): \(reason)")
        }
        let estimate = interpolation.estimate(work(of: subject)) { workload in
            guard case .known(let estimate) = ofFit(fits[workload]) else { return nil }
            return estimate
        }
        return estimate.map { .known($0) } ?? .unknown("not resolved at every workload that it is interpolated between")
    }

    private func work(of subject: EnergyFit.Subject) -> (WorkloadPoint) -> Double {
        let part: StepPart =
            switch subject {
            case .pass(let pass): .pass(pass)
            case .idle, .step, .instrumentedStep: .step
            }
        return { work.work(part, at: $0) }
    }

    /// The corners' observations by weight. What interpolation may be off is common to blocks of one shape.
    func observation(of passes: [LayerPass], isNet: Bool) -> GroupObservation? {
        let work = work(of: .pass(passes[0]))
        let parts = interpolation.cell.corners.compactMap { fits[$0.workload].observation(of: passes, isNet: isNet) }
        guard parts.count == interpolation.cell.corners.count else { return nil }
        let means = Dictionary(
            uniqueKeysWithValues: fits.indices.compactMap { workload in
                fits[workload].observation(of: passes, isNet: isNet).map { observation in
                    // Without an interval of its own: what is left is what interpolation may be off.
                    (workload, Estimate(value: observation.mean, halfWidth: 0, count: observation.count))
                }
            })
        let off = interpolation.estimate(work) { means[$0] }?.halfWidth ?? 0
        return GroupObservation(parts, weights: interpolation.cell.weights(work), modelError: off, confidence)
    }
}

extension GroupObservation {
    /// Mean of the members' values.
    fileprivate var mean: Double { values.reduce(0, +) / Double(values.count) }

    /// Independent observations of one group at several workloads, by weight.
    ///
    /// - Parameter modelError: half width of an error that all members share.
    fileprivate init(_ parts: [GroupObservation], weights: [Double], modelError: Double, _ confidence: Double) {
        func joined(_ spreads: [Estimate.Spread?], adding error: Double = 0) -> Estimate.Spread? {
            let estimates = spreads.map { spread in
                spread.map { Estimate(value: 0, spread: $0, count: 1) } ?? Estimate(value: 0, halfWidth: 0, count: 1)
            }
            let known = zip(estimates, weights).filter { $0.0.spread != nil }
            guard let sum = Interpolation.sum(known.map(\.0), known.map(\.1))?.widened(byModelError: error) else {
                guard error > 0 else { return nil }
                let t = StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: 1e6)
                return Estimate.Spread(standardError: error / t, degreesOfFreedom: 1e6, confidence: confidence)
            }
            return sum.spread
        }
        self.init(
            values: parts[0].values.indices.map { member in
                zip(parts, weights).reduce(0) { $0 + $1.0.values[member] * $1.1 }
            },
            own: parts[0].own.indices.map { member in
                joined(parts.map { $0.own[member] })
                    ?? Estimate.Spread(standardError: 0, degreesOfFreedom: 1, confidence: confidence)
            },
            ofMean: parts.contains { $0.ofMean == nil } ? nil : joined(parts.map(\.ofMean), adding: modelError),
            common: joined(parts.map(\.common), adding: modelError), count: parts.map(\.count).min() ?? 0)
    }
}
