/// The link as it is: half a round trip for every message besides bytes over rate, and, where asked for, computing that
/// overlaps with communication.
struct RungE {
    let situation: Situation

    func refine(_ model: inout CutModel) {
        model.rung = .measuredLink
        model.countsLatency = true
        model.microBatches = situation.microBatches
        let rates =
            situation.link.source.map { "The link's rates come from \($0)" } ?? "The link has its declared rates"
        model.assumptions.append(
            rates + "; each message takes half a round trip besides. "
                + (situation.microBatches > 1
                    ? "Computation and communication overlap over \(situation.microBatches) micro-batches, each taking "
                        + "its share of the whole batch's time (not measured)."
                    : "Computation and communication do not overlap."))
    }
}
