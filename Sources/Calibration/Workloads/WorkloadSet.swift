import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Workload

/// Profiles of one box and model under several workloads, which differ in batch, sequence length and LoRA rank alone.
struct WorkloadSet {
    private let grid: WorkloadGrid
    /// All profiles together.
    private let all: ProfilePool
    /// The profiles of each of the grid's workloads.
    private let pools: [ProfilePool]
    private let fits: [Fit]
    private let shapes: LayerShapes

    /// What is estimated from the profiles of one workload.
    private struct Fit {
        let profile: Profile
        let times: TimeFit
        let energies: EnergyFit

        init(_ pool: ProfilePool) {
            profile = pool.pooled
            let runs = pool.members.count > 1 ? pool.members.map(\.profile) : []
            times = TimeFit(profile, runs: runs)
            energies = EnergyFit(profile, runs: runs, stepTime: times.step)
        }
    }

    /// - Throws: ``KerfError/Code/unusableData`` where the profiles differ in more, or have layers that are not computed
    ///   from their shapes, so that those of another workload are not known.
    init(_ members: [ProfilePool.Member], _ grid: WorkloadGrid) throws {
        self.grid = grid
        all = try ProfilePool(members, inShape: true)
        let byPoint = Dictionary(grouping: all.members) { WorkloadPoint($0.profile.workload) }
        pools = try grid.points.map { try ProfilePool(byPoint[$0] ?? []) }
        let found = all.members.map { ($0.name, LayerShapes($0.profile)) }
        guard let shapes = found[0].1, found.allSatisfy({ $0.1 != nil }) else {
            throw KerfError(
                .unusableData, at: found.first { $0.1 == nil }?.0 ?? "",
                "its layers are not those that Kerf computes from the model's shapes, so that they are not known for "
                    + "another workload",
                remedy: "calibrate each workload by itself")
        }
        self.shapes = shapes
        fits = pools.map(Fit.init)
    }

    /// - Parameter target: a measured workload, whose calibration is that of its own profiles, or one between them.
    func calibration(of target: WorkloadPoint) throws -> Calibration {
        let cell = try grid.cell(around: target)
        var calibration: Calibration
        if let measured = grid.points.firstIndex(of: target) {
            calibration = Calibrator.fit(pools[measured].pooled, sources: pools[measured].members)
        } else {
            calibration = interpolated(Interpolation(grid, cell))
        }
        calibration.provenance = all.members.map(\.source)
        calibration.workloadLaws = laws
        return calibration
    }

    // MARK: - Between the measured workloads

    private func interpolated(_ interpolation: Interpolation) -> Calibration {
        let target = interpolation.cell.target
        let work = WorkMeasures(shapes, fits[0].profile.workload, points: interpolation.neededPoints)
        let times = InterpolatedTimes(interpolation, fits.map(\.times), work)
        let ofStep = { work.work(.step, at: $0) }
        let closure = interpolation.estimate(ofStep) { fits[$0].times.closure }
        let energies = InterpolatedEnergies(
            interpolation, fits.map(\.energies), work, stepTime: stepTime(times, closure: closure))
        let pooling = PoolingFit(times, energies)
        let box = all.pooled
        let idle = EnergyFit(box, runs: all.members.map(\.profile), stepTime: energies.stepTime)
        let ratios = fits.map { fit -> Closure in
            let layers = Calibrator.layers(fit.times, fit.energies, PoolingFit(fit.times, fit.energies))
            let energy = fit.energies.closure(
                fit.times, step: Calibrator.step(fit.times, fit.energies), layers: layers)
            return Closure(
                timeRatio: .unavailable("not used"), grossEnergyRatio: energy.gross, netEnergyRatio: energy.net)
        }
        func quantity(_ ofWorkload: (Int) -> Quantity) -> Quantity {
            self.quantity(interpolation, ofStep, energies.origin, ofWorkload)
        }
        var calibration = Calibration(
            provenance: [], box: box.box, frequency: box.frequency,
            rated: box.rated.checked(against: box.roofline, at: box.frequency, format: box.workload.dtype),
            meter: box.meter, model: box.model, workload: fits[0].profile.workload.at(target),
            weightResidency: box.settings.weightResidency, layers: Calibrator.layers(times, energies, pooling),
            pooling: pooling.groups.isEmpty ? nil : pooling.groups, step: Calibrator.step(times, energies),
            roofline: box.roofline, idlePowerWatts: idle.grossPower(.idle),
            externalPower: externalPower(box) { quantity($0) },
            closure: Closure(
                timeRatio: closure.map {
                    Quantity($0, confidence: times.confidence, origin: .modelled, reason: interpolation.text)
                } ?? .unavailable("not known at every workload"),
                grossEnergyRatio: quantity { ratios[$0].grossEnergyRatio },
                netEnergyRatio: quantity { ratios[$0].netEnergyRatio ?? .unavailable("not known") }),
            rejections: box.rejections, warnings: [])
        calibration.warnings =
            warnings(interpolation)
            + CalibrationWarnings.of(calibration, shortest(box), runs: all.members.map(\.profile))
        return calibration
    }

    /// The sum of all layers, less what closure says that it is off.
    ///
    /// The closure's noise is taken as independent of that of the sum. It is correlated with it, which makes the true
    /// error smaller.
    private func stepTime(_ times: InterpolatedTimes, closure: Estimate?) -> Estimate {
        let sum = times.weightedSum(
            Dictionary(uniqueKeysWithValues: LayerPass.all(of: times.layers).map { ($0, 1) }))
        guard let closure, closure.value > -1 else { return sum }
        let ratio = 1 / (1 + closure.value)
        return sum.scaled(by: ratio) + closure.uncertainty.scaled(by: sum.value * ratio * ratio)
    }

    /// A quantity that is interpolated by the step's operations.
    private func quantity(
        _ interpolation: Interpolation, _ work: (WorkloadPoint) -> Double, _ origin: Origin,
        _ ofWorkload: (Int) -> Quantity
    ) -> Quantity {
        for corner in interpolation.cell.corners {
            let known = ofWorkload(corner.workload)
            guard known.value == nil else { continue }
            return .unavailable("at \(grid.points[corner.workload]): \(known.reason ?? "not known")")
        }
        let estimate = interpolation.estimate(work) { workload in
            let quantity = ofWorkload(workload)
            return quantity.value.map { value in
                quantity.spread.map { Estimate(value: value, spread: $0, count: quantity.count) }
                    ?? Estimate(value: value, halfWidth: .infinity, count: quantity.count)
            }
        }
        return estimate.map {
            Quantity($0, confidence: fits[0].times.confidence, origin: origin, reason: interpolation.text)
        } ?? .unavailable("not known at every workload that it is interpolated between")
    }

    private func externalPower(_ box: Profile, _ quantity: ((Int) -> Quantity) -> Quantity) -> [DomainPower]? {
        let ofWorkloads = fits.map { DomainPower.all(of: $0.profile) }
        let powers = DomainPower.all(of: box).enumerated().map { index, domain in
            var domain = domain
            domain.stepPowerWatts = quantity { ofWorkloads[$0][index].stepPowerWatts }
            return domain
        }
        return powers.isEmpty ? nil : powers
    }

    /// The box's profile with the samples of the workload that has the smallest number of steps.
    private func shortest(_ box: Profile) -> Profile {
        guard let fit = fits.min(by: { $0.profile.steps.count < $1.profile.steps.count }) else { return box }
        var box = box
        (box.steps, box.layerTimes) = (fit.profile.steps, fit.profile.layerTimes)
        return box
    }

    private func warnings(_ interpolation: Interpolation) -> [String] {
        let cell = interpolation.cell
        var warnings = ["\(cell.target) was not measured: it is \(interpolation.text).".capitalizedFirst]
        for axis in interpolation.uncheckedAxes {
            warnings.append(
                "Nothing measured tells how good interpolation over the \(axis) is: intervals allow for any time and rate of "
                    + "a kernel between those at \(cell.low[axis]) and \(cell.high[axis]). Profile a third \(axis).")
        }
        if all.members.contains(where: { $0.profile.frequencySweep != nil }) {
            warnings.append(
                "Laws of frequency are not interpolated; a calibration of one of the measured workloads has them.")
        }
        return warnings
    }

    // MARK: - Laws

    private var laws: WorkloadLaws {
        let work = WorkMeasures(shapes, fits[0].profile.workload, points: grid.points)
        let confidence = fits[0].times.confidence
        func kernel(_ name: String, _ part: StepPart, _ seconds: (TimeFit) -> Estimate?) -> KernelWorkloadLaw {
            KernelWorkloadLaw(
                kernel: name, unit: work.unit(part, at: grid.points[0]),
                work: grid.points.map { work.work(part, at: $0) },
                timeSeconds: fits.map { fit in
                    seconds(fit.times).map { Quantity($0, confidence: confidence, origin: .measured) }
                        ?? .unavailable("not timed")
                })
        }
        let layers = fits[0].profile.layers
        let predictions = predictions(work)
        func leaveOneOut(_ weights: [LayerPass: Double]) -> [Quantity] {
            zip(fits, predictions).map { fit, predictions in
                let measured = fit.times.weightedSum(weights)
                let errors = predictions.map { $0.contrast(weights).relativeDifference(to: measured) }
                guard measured.value > 0 else { return .unavailable("it takes no time") }
                guard let largest = errors.max(by: { abs($0.value) < abs($1.value) }) else {
                    return .unavailable("no measured workloads on both sides of an axis")
                }
                return Quantity(largest, confidence: confidence, origin: .modelled)
            }
        }
        let passes = LayerPass.all(of: layers).filter { pass in fits.allSatisfy { $0.times.time(of: pass) != nil } }
        return WorkloadLaws(
            workloads: zip(grid.points, pools).map { point, pool in
                MeasuredWorkload(
                    batch: point.batch, sequence: point.sequence, loraRank: point.loraRank,
                    profiles: pool.members.map(\.sha256))
            },
            passes: passes.map { pass in
                let names = fits[0].times.kernelNames(of: pass)
                let outside = PassWeights(
                    outside: 1, kernels: Dictionary(uniqueKeysWithValues: names.map { ($0, 0) }))
                let noWork = Quantity.noWork(
                    because: layers.contains { $0.backwardFlops > 0 } ? .frozenEmbedding : .forwardOnly)
                let idle = pass.isIdle(in: layers)
                return PassWorkloadLaw(
                    layer: pass.layer, direction: pass.direction,
                    timeSeconds: fits.map { $0.times.time(of: pass).map($0.times.quantity) ?? noWork },
                    kernels: names.map { name in kernel(name, .kernel(pass, name)) { $0.kernels(of: pass)[name] } },
                    between: kernel(KernelWorkloadLaw.between, .betweenKernels(pass)) {
                        $0.weightedSum([pass: outside])
                    },
                    grossPowerWatts: fits.map { idle ? noWork : $0.energies.grossPower(.pass(pass)) },
                    netPowerWatts: fits.map { idle ? noWork : $0.energies.netPower(.pass(pass)) },
                    leaveOneOutRatio: leaveOneOut([pass: 1]))
            },
            step: StepWorkloadLaw(
                timeSeconds: fits.map { $0.times.quantity($0.times.step) },
                grossPowerWatts: fits.map { $0.energies.grossPower(.step) },
                netPowerWatts: fits.map { $0.energies.netPower(.step) },
                closureRatio: fits.map { $0.times.quantity($0.times.closure) },
                leaveOneOutRatio: leaveOneOut(Dictionary(uniqueKeysWithValues: passes.map { ($0, 1) }))))
    }

    /// For each measured workload its times as its neighbors predict them, one for each axis that has some on both sides.
    private func predictions(_ work: WorkMeasures) -> [[InterpolatedTimes]] {
        grid.points.indices.map { workload in
            WorkloadAxis.allCases.compactMap { grid.neighbors(of: workload, along: $0) }.map {
                InterpolatedTimes(Interpolation(grid, $0), fits.map(\.times), work)
            }
        }
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
