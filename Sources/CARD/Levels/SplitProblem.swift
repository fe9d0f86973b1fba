/// Everything that a decision starts from: two boxes, their link, and what is asked.
struct SplitProblem {
    var pairing: Pairing
    var link: Link
    var steps: Int
    var account: EnergyAccount
    var scope: EnergyScope
    var declaredServerWatts: Double?
    var limits: CutLimits
    var microBatches: Int

    /// The model of a level: the level below, refined. The paper's form stands for itself.
    ///
    /// - Throws: ``KerfError``.
    func model(_ level: ModelLevel) throws -> CutModel {
        var model = level == .paper ? try LevelA(problem: self).model() : try LevelB(problem: self).model()
        if level >= .frequencyLaws { LevelC(problem: self).refine(&model) }
        if level >= .memoryLimits { try LevelD(problem: self).refine(&model) }
        if level >= .measuredLink {
            LevelE(problem: self).refine(&model)
        } else if level != .paper {
            model.assumptions.append("The link has ideal rates; its round trip is ignored. Nothing overlaps.")
        }
        try ScopedEnergy(problem: self).refine(&model)
        return model
    }
}
