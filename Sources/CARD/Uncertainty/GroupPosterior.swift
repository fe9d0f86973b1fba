import Calibration
import Quantities
import Statistics
import Workload

/// A value's place in a pooling group of its calibration.
struct GroupPosterior {
    /// Place of the group in the calibration.
    var group: Int
    /// Place of the value in the group.
    var place: Int
    var pooling: RobustPooling
    var member: PooledMember
    /// The group's own, in the group's unit.
    var commonStandardError: Double

    /// Factor that gives drawn errors the width of the pooled value's interval, which is narrower where the steps show
    /// that the group's mean is known better than its members' errors say.
    ///
    /// - Parameter standardError: the pooled value's, in the group's unit.
    func scale(_ standardError: Double) -> Double {
        let own = member.pooledStandardError
        let whole = (own * own + commonStandardError * commonStandardError).squareRoot()
        return whole > 0 ? min(1, standardError / whole) : 1
    }
}

/// The groups of one value of a calibration, each with its posterior.
struct GroupPosteriors {
    private struct Place: Hashable {
        var layer: Int
        var direction: Direction
    }

    private var places: [Place: GroupPosterior] = [:]
    /// The error that a group has in common, relative to its center: the mean of the groups.
    private var relativeCommonError: Double?

    init(_ calibration: Calibration, _ value: PoolingGroup.Value) {
        var errors: [Double] = []
        for (index, group) in (calibration.pooling ?? []).enumerated() where group.value == value {
            let pooling = group.posterior
            for (place, member) in group.members.enumerated() {
                places[Place(layer: member.layer, direction: group.direction)] = GroupPosterior(
                    group: index, place: place, pooling: pooling, member: member,
                    commonStandardError: group.commonStandardError)
            }
            if let center = group.center.value, center > 0 { errors.append(group.commonStandardError / center) }
        }
        if !errors.isEmpty { relativeCommonError = errors.reduce(0, +) / Double(errors.count) }
    }

    subscript(layer: Int, direction: Direction) -> GroupPosterior? { places[Place(layer: layer, direction: direction)] }

    /// Share of the variance of a value in no group that it has in common with the groups; `nil` without groups.
    ///
    /// What affects whole steps, such as the load of the box, is taken to affect all layers in proportion.
    func commonShare(_ value: Double, _ standardError: Double) -> Double? {
        guard let relativeCommonError, standardError > 0 else { return nil }
        let share = relativeCommonError * value / standardError
        return min(1, share * share)
    }
}
