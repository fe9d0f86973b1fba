import Calibration

/// Everything that a decision starts from: two boxes, their link, and what is asked.
struct Situation {
    var pairing: Pairing
    var link: Link
    var steps: Int
    var account: EnergyAccount
    var scope: EnergyScope
    var declaredServerWatts: Double?
    var limits: CutLimits
    var microBatches: Int

    /// The model of a rung: the rung below, refined. The paper's form stands for itself.
    ///
    /// - Throws: ``CARDError``.
    func model(_ rung: Rung) throws -> CutModel {
        var model = rung == .paper ? try RungA(situation: self).model() : try RungB(situation: self).model()
        if rung >= .frequencyLaws { RungC(situation: self).refine(&model) }
        if rung >= .memoryLimits { try RungD(situation: self).refine(&model) }
        if rung >= .measuredLink {
            RungE(situation: self).refine(&model)
        } else if rung != .paper {
            model.assumptions.append("The link has ideal rates; its round trip is ignored. Nothing overlaps.")
        }
        try ScopedEnergy(situation: self).refine(&model)
        return model
    }
}
