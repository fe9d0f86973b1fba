import ProfileFormat
import Quantities
import Statistics
import Workload

/// Blocks of one shape, in one pass, that were estimated together.
///
/// They do the same work, so that thirty of them tell more about each than its own measurement does. Each is drawn
/// towards the others as far as the evidence allows; see ``RobustPooling``.
public struct PoolingGroup: Codable, Sendable, Hashable {
    /// What was pooled.
    public enum Value: String, Codable, Sendable, Hashable, CaseIterable {
        case timeSeconds = "time_seconds"
        /// Energy is pooled as power: energy is power times time, and time is a group of its own.
        case grossPowerWatts = "gross_power_watts"
        case netPowerWatts = "net_power_watts"
    }

    public var value: Value
    public var direction: Direction
    /// What a block of this shape takes, in the unit of ``value``.
    public var center: Quantity
    /// Standard deviation between the blocks, in the unit of ``value``, those that stand apart left out.
    public var spread: Double
    public var heterogeneity: Heterogeneity
    /// Standard error that all blocks have in common, such as from the load of the box.
    public var commonStandardError: Double
    /// In the order of the layers; at least three.
    public var members: [PooledMember]

    public init(
        value: Value, direction: Direction, center: Quantity, spread: Double, heterogeneity: Heterogeneity,
        commonStandardError: Double, members: [PooledMember]
    ) {
        self.value = value
        self.direction = direction
        self.center = center
        self.spread = spread
        self.heterogeneity = heterogeneity
        self.commonStandardError = commonStandardError
        self.members = members
    }
}

/// Cochran's test of whether the blocks of a group are equal; see ``HeterogeneityTest``.
public struct Heterogeneity: Codable, Sendable, Hashable {
    /// Q.
    public var statistic: Double
    public var degreesOfFreedom: Int
    public var pValue: Double

    public init(statistic: Double, degreesOfFreedom: Int, pValue: Double) {
        self.statistic = statistic
        self.degreesOfFreedom = degreesOfFreedom
        self.pValue = pValue
    }
}

/// One block of a pooling group. Values are in the unit of the group's.
public struct PooledMember: Codable, Sendable, Hashable {
    public var layer: Int
    /// The block's own estimate, and its standard error without the part that is common to the group.
    public var ownValue: Double
    public var ownStandardError: Double
    public var pooledValue: Double
    /// Without the part that is common to the group.
    public var pooledStandardError: Double
    /// Share of the way from the block's own value to the group's, 0 to 1.
    public var shrinkage: Double
    /// Probability that the block stands apart from the others.
    public var outlierProbability: Double

    public init(
        layer: Int, ownValue: Double, ownStandardError: Double, pooledValue: Double, pooledStandardError: Double,
        shrinkage: Double, outlierProbability: Double
    ) {
        self.layer = layer
        self.ownValue = ownValue
        self.ownStandardError = ownStandardError
        self.pooledValue = pooledValue
        self.pooledStandardError = pooledStandardError
        self.shrinkage = shrinkage
        self.outlierProbability = outlierProbability
    }
}

/// Time and energy of one pass of a block, estimated together with the other blocks of its shape.
public struct PooledPass: Codable, Sendable, Hashable {
    public var timeSeconds: Quantity
    /// `nil` where the energies of the shape's blocks could not be pooled.
    public var grossEnergyJoules: Quantity?
    public var netEnergyJoules: Quantity?

    public init(timeSeconds: Quantity, grossEnergyJoules: Quantity? = nil, netEnergyJoules: Quantity? = nil) {
        self.timeSeconds = timeSeconds
        self.grossEnergyJoules = grossEnergyJoules
        self.netEnergyJoules = netEnergyJoules
    }
}

extension PoolingGroup {
    /// A smaller p value is taken to show that blocks differ.
    package static let significance = 0.05
    /// A block with a greater probability of standing apart is named.
    package static let outlierThreshold = 0.9

    /// Blocks that stand apart, with the relative difference from the group's center.
    package var outliers: [(layer: Int, difference: Double)] {
        guard let center = center.value, center != 0 else { return [] }
        return members.filter { $0.outlierProbability > Self.outlierThreshold }
            .map { ($0.layer, $0.pooledValue / center - 1) }
    }

    /// One sentence for each block that stands apart.
    var warnings: [String] {
        outliers.map { layer, difference in
            "Block \(layer) \(value.verb) \(NumberText.percent(abs(difference))) \(difference > 0 ? "more" : "less") "
                + "\(value.unit) \(direction.rawValue) than the other blocks of its shape."
        }
    }

    /// The posterior that the pooled values are the means of, from the members' own values.
    ///
    /// - Precondition: ``isSound``.
    package var posterior: RobustPooling {
        RobustPooling(values: members.map(\.ownValue), errors: members.map(\.ownStandardError))
    }

    /// Standard errors relative to their values that a posterior is computed from.
    static let relativeErrors = 1e-9...1e9

    /// Whether a group that was read from a file is one that a posterior can be computed from.
    ///
    /// - Parameter layers: how many the calibration has.
    package func isSound(layers: Int) -> Bool {
        let bounds = 1e-30...1e30
        return members.count > 2 && Set(members.map(\.layer)).count == members.count
            && commonStandardError >= 0 && commonStandardError <= 1e30
            && members.allSatisfy { member in
                (0..<layers).contains(member.layer) && bounds.contains(member.ownValue)
                    && bounds.contains(member.pooledValue) && bounds.contains(member.ownStandardError)
                    && Self.relativeErrors.contains(member.ownStandardError / member.ownValue)
            }
    }
}

extension Calibration {
    /// The calibration with the pooled time and energies of every pass in the place of the pass's own, where it has
    /// them.
    package var usingPooledValues: Calibration {
        var calibration = self
        for layer in layers.indices {
            for pass in [\LayerCalibration.forward, \.backward] {
                guard let pooled = layers[layer][keyPath: pass].pooled else { continue }
                calibration.layers[layer][keyPath: pass].timeSeconds = pooled.timeSeconds
                if let gross = pooled.grossEnergyJoules {
                    calibration.layers[layer][keyPath: pass].grossEnergyJoules = gross
                }
                if let net = pooled.netEnergyJoules { calibration.layers[layer][keyPath: pass].netEnergyJoules = net }
            }
        }
        return calibration
    }
}

extension PoolingGroup.Value {
    fileprivate var verb: String { self == .timeSeconds ? "takes" : "draws" }

    fileprivate var unit: String {
        switch self {
        case .timeSeconds: "time"
        case .grossPowerWatts: "gross power"
        case .netPowerWatts: "net power"
        }
    }
}
