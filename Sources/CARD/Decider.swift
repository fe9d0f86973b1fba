import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// Decides from two calibrations and a link.
public struct Decider: Sendable {
    /// Energy has four times the weight of delay, since the server spends it for all its devices.
    public static let defaultWeight = 0.2
    /// Local steps per round, between two exchanges of adapters.
    public static let defaultSteps = 10

    public var task: SplitTask
    public var link: Link
    public var weight: Double
    /// Local training steps of a round; in inference, requests.
    public var steps: Int
    public var level: ModelLevel
    public var account: EnergyAccount
    /// The server's power in watts at the frequency it was profiled at, declared in place of any measured value.
    public var declaredServerWatts: Double?
    public var scope: EnergyScope
    public var limits: CutLimits
    /// Parts of a batch that pass through device, link and server as a pipeline; 1 is no overlap.
    public var microBatches: Int
    /// What is sent, at level E.
    public var exchange: CutExchange
    package var frequencies = AllowedFrequencies.calibrated

    public init(
        task: SplitTask = .training, link: Link, weight: Double = defaultWeight, steps: Int = defaultSteps,
        level: ModelLevel = .measuredLink,
        account: EnergyAccount = .net, declaredServerWatts: Double? = nil, scope: EnergyScope = .computing,
        limits: CutLimits = CutLimits(), microBatches: Int = 1, exchange: CutExchange = CutExchange()
    ) {
        self.task = task
        self.link = link
        self.weight = weight
        self.steps = steps
        self.level = level
        self.account = account
        self.declaredServerWatts = declaredServerWatts
        self.scope = scope
        self.limits = limits
        self.microBatches = microBatches
        self.exchange = exchange
    }

    /// A calibration and the SHA-256 of its file.
    public struct Side: Sendable {
        public var calibration: Calibration
        public var sha256: String

        public init(calibration: Calibration, sha256: String) {
            self.calibration = calibration
            self.sha256 = sha256
        }
    }

    /// - Throws: ``KerfError``.
    public func decide(device: Side, server: Side) throws -> Decision {
        guard steps >= 1, steps <= 1_000_000_000 else {
            throw KerfError(.invalidArgument, "the number of steps must be between 1 and 1e9")
        }
        let problem = try problem(
            try Pairing(device: device.calibration, server: server.calibration, for: task))
        let solver = try Solver(model: try problem.model(level), weight: weight)
        let solution = solver.solve()
        let assembly = DecisionAssembly(solver: solver, solution: solution)
        let report = try AssumptionReport(problem, weight: weight)
        let confidence = try ConfidenceEstimator(
            problem: problem, level: level, solver: solver, solution: solution
        ).estimate()
        return Decision(
            kerfVersion: KerfVersion.current, task: task == .training ? nil : task,
            verdict: Verdict(problem, solver.model, weight: weight), level: level,
            energyAccount: problem.account, energyScope: scope,
            weight: weight, steps: steps, link: link, limits: limits, microBatches: microBatches, exchange: exchange,
            device: side(device),
            server: side(server), modelName: device.calibration.model.name, blockCount: problem.pairing.blockCount,
            delayNormalizerSeconds: solver.delayNormalizer, energyNormalizerJoules: solver.energyNormalizer,
            cuts: assembly.cuts, choice: assembly.choice, baselines: assembly.baselines,
            confidence: confidence, front: try ParetoFront.of(solver.model), levels: report.levels,
            findings: report.findings,
            assumptions: solver.model.assumptions + assembly.normalizerAssumptions,
            warnings: warnings(solver, confidence, device.calibration, server.calibration))
    }

    /// Delay and energy of every cut for two calibrations, without a decision. A simulation uses it with its own links.
    ///
    /// - Throws: ``KerfError``.
    package func model(device: Calibration, server: Calibration) throws -> CutModel {
        try problem(try Pairing(device: device, server: server, for: task)).model(level)
    }

    /// The same under an assumption of the paper, all else as measured.
    ///
    /// - Throws: ``KerfError``.
    package func model(
        device: Calibration, server: Calibration, assuming assumption: PaperAssumption
    ) throws -> CutModel {
        try problem(try Pairing(device: device, server: server, for: task)).assuming(assumption).model(level)
    }

    /// Energy of the device while it computes one step, at every cut from 0 to L; `nil` where that of a layer is not
    /// known. It does not count in the cost unless the scope includes the device.
    ///
    /// - Throws: ``KerfError``.
    package func deviceEnergies(
        device: Calibration, server: Calibration, account: EnergyAccount
    ) throws -> [Estimate?] {
        let pairing = try Pairing(device: device, server: server, for: task)
        return (0...pairing.blockCount).map { pairing.deviceEnergy(at: $0, account) }
    }

    /// The cut and the server's frequency in hertz, without alternatives and confidence, for a decision that is made
    /// anew in every round.
    ///
    /// - Returns: no frequency where the server's cannot be set.
    /// - Throws: ``KerfError``.
    package func choose(device: Calibration, server: Calibration) throws -> (cut: Int, serverHertz: Double?) {
        let model = try model(device: device, server: server)
        let chosen = try Solver(model: model, weight: weight).solve().chosen
        let hertz = model.frequency.isChosen ? model.frequency.referenceHertz.map { $0 * chosen.ratio } : nil
        return (chosen.cut.cut, hertz)
    }

    private func problem(_ pairing: Pairing) throws(KerfError) -> SplitProblem {
        let batch = pairing.device.workload.batch
        guard microBatches >= 1, batch % microBatches == 0 else {
            throw KerfError(
                .invalidArgument, "micro-batches must divide the batch of \(batch), not be \(microBatches)",
                remedy: .largerBatch)
        }
        guard task == .training || exchange.adapterTensors == 1 else {
            throw KerfError(
                .invalidArgument, "inference exchanges no adapters, so that no moments travel with them",
                remedy: "leave the moments out")
        }
        try limits.check(blockCount: pairing.blockCount)
        return SplitProblem(
            pairing: pairing, link: link, steps: steps, account: scope == .computing ? account : .gross, scope: scope,
            declaredServerWatts: declaredServerWatts, limits: limits, microBatches: microBatches, exchange: exchange,
            frequencies: frequencies)
    }

    private func side(_ side: Side) -> DecisionSide {
        DecisionSide(
            calibrationSha256: side.sha256, cpuModel: side.calibration.box.cpuModel,
            virtualBoard: side.calibration.box.virtualBoard, runningHertz: side.calibration.frequency.runningHertz,
            closure: side.calibration.closure)
    }

    private func warnings(
        _ solver: Solver, _ confidence: Confidence?, _ device: Calibration, _ server: Calibration
    ) -> [String] {
        var warnings: [String] = []
        if [solver.model.delayOrigin, solver.model.energyOrigin].contains(.simulated) {
            let isBoard = device.box.virtualBoard != nil || server.box.virtualBoard != nil
            warnings.append(
                isBoard
                    ? "Some values are simulated: they come from a virtual board, not from a meter."
                    : "Some values are simulated: the link's, or a calibration's without a meter.")
        }
        for (side, calibration) in [("device", device), ("server", server)] {
            warnings += calibration.warnings.map { "\(side): \($0)" }
        }
        if let cuts = confidence?.indistinguishableCuts, !cuts.isEmpty {
            warnings.append(
                "These cuts cannot be distinguished from the chosen one: "
                    + cuts.map(String.init).joined(separator: ", ") + ".")
        }
        return warnings
    }
}

extension KerfError.Code {
    /// The two calibrations are not of the same model and workload.
    public static let incompatible = KerfError.Code("incompatible", .badData)
    /// A calibration or link lacks what the model level needs.
    public static let incomplete = KerfError.Code("incomplete", .badData)
    /// The server's energy is not known, and the weight asks for it.
    public static let noEnergy = KerfError.Code("no_energy", .unavailable)
    /// Limits that leave no cut.
    public static let infeasible = KerfError.Code("infeasible", .unavailable)
}
