import SystemIO

/// The input of a decision: two calibrations, their link, and the settings.
struct SplitProblem {
    var pairing: Pairing
    var link: Link
    var steps: Int
    var account: EnergyAccount
    var scope: EnergyScope
    var declaredServerWatts: Double?
    var limits: CutLimits
    var microBatches: Int
    var exchange = CutExchange()
    var frequencies = AllowedFrequencies.calibrated

    /// The model of a level. From level B on, each level refines the one below; level A is built on its own.
    ///
    /// - Throws: ``KerfError``.
    func model(_ level: ModelLevel) throws -> CutModel {
        var model = level == .paper ? try LevelA(problem: self).model() : try LevelB(problem: self).model()
        if level >= .frequencyLaws { LevelC(problem: self).refine(&model) }
        if level >= .memoryLimits { try LevelD(problem: self).refine(&model) }
        if level >= .measuredLink {
            LevelE(problem: self).refine(&model)
        } else if level != .paper {
            model.assumptions.append(
                "The link has ideal rates; its round trip is ignored. Computation and communication do not overlap.")
        }
        if case .steps = frequencies, model.frequency.referenceHertz == nil {
            throw KerfError(
                .incomplete, "the server's calibration does not state the frequency of its times",
                remedy: "profile the server where its frequency can be read, or leave its frequency as it is")
        }
        model.assumptions += pairing.trainingStepAssumptions
        model.frequency.restrict(to: frequencies)
        try ScopedEnergy(problem: self).refine(&model)
        return model
    }
}

/// The link's latency, half a round trip per message, what is really sent, and optional overlap of computation and
/// communication.
struct LevelE {
    let problem: SplitProblem

    func refine(_ model: inout CutModel) {
        model.level = .measuredLink
        model.countsLatency = true
        model.microBatches = problem.microBatches
        var exchange = problem.exchange
        // The answer of an inference is tokens.
        if problem.pairing.task == .inference { exchange.gradientRatio = 1 }
        for index in model.cuts.indices {
            let tokenBytes = problem.pairing.tokenBytesUp(at: model.cuts[index].cut)
            exchange.apply(to: &model.cuts[index].traffic, tokenBytes: tokenBytes)
        }
        if exchange.adapterTensors > 1 {
            model.assumptions.append(
                "Adapters travel as \(exchange.adapterTensors) tensors each: with AdamW's moments.")
        }
        if exchange.activationRatio != 1 || exchange.gradientRatio != 1 {
            let what = problem.pairing.task == .training ? "Smashed data and its gradient" : "Smashed data"
            model.assumptions.append("\(what) are sent in fewer bytes than f32 has.")
        }
        let rates =
            problem.link.source.map { "The link's rates come from \($0)" } ?? "The link has its declared rates"
        model.assumptions.append(
            rates + "; each message also takes half a round trip. "
                + (problem.microBatches > 1
                    ? "Computation and communication overlap over \(problem.microBatches) micro-batches, each assumed "
                        + "to take its share of the whole batch's time."
                    : "Computation and communication do not overlap."))
    }
}
