import ProfileFormat
import Quantities
import SystemIO
import Workload

/// Time and energy of each layer of one model on one box, fitted from the raw samples of one or more profiles.
///
/// A pure function of those profiles without a timestamp, so that the same profiles give the same bytes.
public struct Calibration: Codable, Sendable, KerfFile {
    public static let schema = "kerf.calibration"
    public static let schemaVersion = 2
    public static let oldestReadableVersion = 1
    public static var remedy: Remedy { "run kerf calibrate first" }

    public static func renamedKeys(from version: Int) -> [String: String] {
        [
            "beside_power": "external_power", "peaks": "roofline", "largest_residual": "maximum_residual",
            "inverse_clock_residual": "inverse_frequency_residual", "optimiser_bytes": "optimizer_bytes",
        ]
    }

    public var schema: String = Calibration.schema
    public var schemaVersion: Int = Calibration.schemaVersion
    /// The version of Kerf that made the calibration.
    public var kerfVersion: String
    /// The profiles, ordered by their hash.
    public var provenance: [ProfileSource]
    public var box: BoxIdentity
    public var frequency: FrequencyDescription
    public var rated: RatedDescription
    public var meter: MeterDescription
    public var model: ModelDescription
    public var workload: WorkloadDescription
    /// How weights were kept in memory; see ``ProfileSettings/weightResidency``.
    public var weightResidency: WeightResidency
    /// All layers, in order: embedding, blocks, head.
    public var layers: [LayerCalibration]
    /// Blocks of one shape that were estimated together; `nil` where there are none and in older files.
    public var pooling: [PoolingGroup]?
    public var step: StepCalibration
    /// Measured peak rates of the box; `nil` where the profiles have none.
    public var roofline: Roofline?
    public var idlePowerWatts: Quantity
    /// Power of the domains outside the total, such as a GPU's; `nil` where there is none.
    public var externalPower: [DomainPower]?
    /// Time and power as functions of the frequency; `nil` where the profiles have no sweep.
    public var frequencyLaws: FrequencyCalibration?
    /// Laws of each kind of core; `nil` where there is one kind or the sweep covered the box as a whole only.
    public var frequencyGroups: [GroupFrequencyLaws]?
    /// Time and power as functions of the workload; `nil` where the profiles are of one workload, and in older files.
    public var workloadLaws: WorkloadLaws?
    public var closure: Closure
    /// Looped energies compared with in-situ ones; `nil` where the profiles have no samples between layers.
    public var attribution: Attribution?
    /// Rejected windows and steps of the profiles, by reason.
    public var rejections: [Rejection]
    /// Warnings, one sentence each.
    public var warnings: [String]

    public init(
        kerfVersion: String = KerfVersion.current, provenance: [ProfileSource], box: BoxIdentity,
        frequency: FrequencyDescription, rated: RatedDescription, meter: MeterDescription, model: ModelDescription,
        workload: WorkloadDescription, weightResidency: WeightResidency, layers: [LayerCalibration],
        pooling: [PoolingGroup]? = nil, step: StepCalibration,
        roofline: Roofline? = nil, idlePowerWatts: Quantity, externalPower: [DomainPower]? = nil,
        frequencyLaws: FrequencyCalibration? = nil, frequencyGroups: [GroupFrequencyLaws]? = nil,
        workloadLaws: WorkloadLaws? = nil, closure: Closure, attribution: Attribution? = nil, rejections: [Rejection],
        warnings: [String]
    ) {
        self.kerfVersion = kerfVersion
        self.provenance = provenance
        self.box = box
        self.frequency = frequency
        self.rated = rated
        self.meter = meter
        self.model = model
        self.workload = workload
        self.weightResidency = weightResidency
        self.layers = layers
        self.pooling = pooling
        self.step = step
        self.roofline = roofline
        self.idlePowerWatts = idlePowerWatts
        self.externalPower = externalPower
        self.frequencyLaws = frequencyLaws
        self.frequencyGroups = frequencyGroups
        self.workloadLaws = workloadLaws
        self.closure = closure
        self.attribution = attribution
        self.rejections = rejections
        self.warnings = warnings
    }
}

/// A profile that a calibration was made from.
public struct ProfileSource: Codable, Sendable, Hashable {
    /// SHA-256 of the profile's bytes, in lower-case hexadecimal digits.
    public var sha256: String
    /// End of the profile's run.
    public var created: String
    /// The version of Kerf that made the profile.
    public var kerfVersion: String

    public init(sha256: String, created: String, kerfVersion: String) {
        self.sha256 = sha256
        self.created = created
        self.kerfVersion = kerfVersion
    }
}

/// Time and energy of one layer.
public struct LayerCalibration: Codable, Sendable, Hashable {
    public var description: LayerDescription
    public var forward: DirectionCalibration
    public var backward: DirectionCalibration

    public init(description: LayerDescription, forward: DirectionCalibration, backward: DirectionCalibration) {
        self.description = description
        self.forward = forward
        self.backward = backward
    }
}

/// Time and energy of one pass of one layer, for the whole batch.
public struct DirectionCalibration: Codable, Sendable, Hashable {
    /// Time inside a whole step.
    public var timeSeconds: Quantity
    public var grossEnergyJoules: Quantity
    /// Gross energy less idle power times the time.
    public var netEnergyJoules: Quantity
    /// Gross energy from counters that were sampled between the layers of whole steps; `nil` where the profiles have
    /// none.
    public var inSituEnergyJoules: Quantity?
    /// Time of each kernel.
    public var kernelSeconds: [String: Quantity]
    /// Estimates that also use the other blocks of this shape; decisions stand on these. `nil` for a layer that is in
    /// no group, and in older files.
    public var pooled: PooledPass?

    public init(
        timeSeconds: Quantity, grossEnergyJoules: Quantity, netEnergyJoules: Quantity,
        inSituEnergyJoules: Quantity? = nil, kernelSeconds: [String: Quantity], pooled: PooledPass? = nil
    ) {
        self.timeSeconds = timeSeconds
        self.grossEnergyJoules = grossEnergyJoules
        self.netEnergyJoules = netEnergyJoules
        self.inSituEnergyJoules = inSituEnergyJoules
        self.kernelSeconds = kernelSeconds
        self.pooled = pooled
    }
}

/// Time, energy and power of a whole training step, measured without instrumentation inside.
public struct StepCalibration: Codable, Sendable, Hashable {
    public var timeSeconds: Quantity
    public var grossEnergyJoules: Quantity
    public var netEnergyJoules: Quantity
    public var grossPowerWatts: Quantity
    public var netPowerWatts: Quantity

    public init(
        timeSeconds: Quantity, grossEnergyJoules: Quantity, netEnergyJoules: Quantity, grossPowerWatts: Quantity,
        netPowerWatts: Quantity
    ) {
        self.timeSeconds = timeSeconds
        self.grossEnergyJoules = grossEnergyJoules
        self.netEnergyJoules = netEnergyJoules
        self.grossPowerWatts = grossPowerWatts
        self.netPowerWatts = netPowerWatts
    }
}
