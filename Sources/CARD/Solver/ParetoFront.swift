import Statistics
import SystemIO

/// A decision at one weight.
public struct FrontPoint: Codable, Sendable, Hashable {
    public var weight: Double
    public var cut: Int
    public var frequencyHertz: Double?
    public var delaySeconds: Double
    public var serverEnergyJoules: Double
}

/// The Pareto front of delay and energy as the weight goes from 0 to 1.
enum ParetoFront {
    /// The decisions at 21 weights, without those that another decision dominates.
    ///
    /// - Returns: from least energy to least delay; empty without values of energy.
    static func of(_ model: CutModel) throws(KerfError) -> [FrontPoint] {
        guard model.cuts.allSatisfy({ $0.serverJoules != nil }) else { return [] }
        var points: [FrontPoint] = []
        for index in 0...20 {
            let weight = Double(index) / 20
            let chosen = try Solver(model: model, weight: weight).solve().chosen
            points.append(
                FrontPoint(
                    weight: weight, cut: chosen.cut.cut,
                    frequencyHertz: model.frequency.referenceHertz.map { $0 * chosen.ratio },
                    delaySeconds: model.delay(chosen.cut, ratio: chosen.ratio).total,
                    serverEnergyJoules: model.energy(chosen.cut, ratio: chosen.ratio)?.value ?? 0))
        }
        return undominated(points)
    }

    /// Of equal points the first is kept.
    private static func undominated(_ points: [FrontPoint]) -> [FrontPoint] {
        points.enumerated().filter { index, point in
            !points.enumerated().contains { other, rival in
                let noWorse =
                    rival.delaySeconds <= point.delaySeconds && rival.serverEnergyJoules <= point.serverEnergyJoules
                let better =
                    rival.delaySeconds < point.delaySeconds || rival.serverEnergyJoules < point.serverEnergyJoules
                return noWorse && (better || other < index)
            }
        }.map(\.element)
    }
}
