/// The link as it is: half a round trip for every message besides bytes over rate, and, where asked for, computing that
/// overlaps with communication.
struct LevelE {
    let problem: SplitProblem

    func refine(_ model: inout CutModel) {
        model.level = .measuredLink
        model.countsLatency = true
        model.microBatches = problem.microBatches
        let rates =
            problem.link.source.map { "The link's rates come from \($0)" } ?? "The link has its declared rates"
        model.assumptions.append(
            rates + "; each message takes half a round trip besides. "
                + (problem.microBatches > 1
                    ? "Computation and communication overlap over \(problem.microBatches) micro-batches, each taking "
                        + "its share of the whole batch's time (not measured)."
                    : "Computation and communication do not overlap."))
    }
}
