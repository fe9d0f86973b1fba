import CARD
import SystemIO

/// The rounds that can be used, by cut and frequency, and the number of those that cannot.
struct RoundSet: Sendable {
    /// Ascending; a point all of whose rounds were rejected is among them, without rounds.
    let points: [MeasuredPoint]
    /// By place of the point, in the order of measurement.
    let rounds: [[MeasuredRound]]
    let rejected: [Int]

    /// - Throws: ``KerfError/Code/unusableData``: no usable round; a cut that the model does not have; a usable round
    ///   with another number of steps or a value below zero.
    init(_ all: [MeasuredRound], steps: Int, blockCount: Int) throws(KerfError) {
        for round in all {
            guard (0...blockCount).contains(round.cut) else {
                throw KerfError(
                    .unusableData, "round \(round.order) has the cut \(round.cut) of \(blockCount) blocks")
            }
            if round.rejection == nil { try Self.check(round, steps: steps) }
        }
        let groups = Dictionary(grouping: all.sorted { $0.order < $1.order }, by: \.point)
        let points = groups.keys.sorted()
        self.points = points
        rounds = points.map { groups[$0, default: []].filter { $0.rejection == nil } }
        rejected = points.map { groups[$0, default: []].count { $0.rejection != nil } }
        guard rounds.contains(where: { !$0.isEmpty }) else {
            throw KerfError(
                .unusableData, "none of the \(all.count) rounds can be used", remedy: "measure again on quiet boxes")
        }
    }

    private static func check(_ round: MeasuredRound, steps: Int) throws(KerfError) {
        let name = "round \(round.order)"
        guard round.steps == steps else {
            throw KerfError(.unusableData, "\(name) has \(round.steps) steps, and the prediction is for \(steps)")
        }
        let parts = [
            round.deviceSeconds, round.uplinkSeconds, round.serverSeconds, round.downlinkSeconds, round.adapterSeconds,
        ]
        let others = [round.deviceJoules, round.serverJoules, round.deviceIdleWatts, round.serverIdleWatts]
        let sound = (parts + others.compactMap { $0 }).allSatisfy { $0 >= 0 && $0.isFinite }
        guard sound, round.delaySeconds > 0, round.delaySeconds.isFinite, round.overheadSeconds.isFinite,
            round.serverHertz.map({ $0 > 0 && $0.isFinite }) ?? true
        else { throw KerfError(.unusableData, "\(name) has a value that is below zero or not a number") }
    }
}
