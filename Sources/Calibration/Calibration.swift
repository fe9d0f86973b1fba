import ProfileFormat
import Quantities
import SystemIO
import Workload

/// What one box needs for each layer of one model: fitted from the raw samples of one or more profiles.
///
/// A pure function of those profiles; it holds no time of its own making, so the same profiles give the same bytes.
public struct Calibration: Codable, Sendable, KerfFile {
    public static let schema = "kerf.calibration"
    public static let schemaVersion = 1
    public static var remedy: Remedy { "run kerf calibrate first" }

    public var schema: String = Calibration.schema
    public var schemaVersion: Int = Calibration.schemaVersion
    /// The Kerf that fitted it.
    public var kerfVersion: String
    /// The profiles it was made from, ordered by their hash.
    public var provenance: [ProfileSource]
    public var box: BoxIdentity
    public var frequency: FrequencyDescription
    public var rated: RatedDescription
    public var meter: MeterDescription
    public var model: ModelDescription
    public var workload: WorkloadDescription
    /// How the weights lay in memory: `resident`, `streaming` or `shared`; see ``ProfileSettings/weightResidency``.
    public var weightResidency: WeightResidency
    /// All layers, in order: embedding, blocks, head.
    public var layers: [LayerCalibration]
    public var step: StepCalibration
    /// What the box can do at most; `nil` where the profiles do not tell.
    public var roofline: Roofline?
    public var idlePowerWatts: Quantity
    /// What the domains beside the total drew, a GPU's among them; `nil` where there is none.
    public var externalPower: [DomainPower]?
    /// How time and power go with the clock; `nil` where the profiles hold no sweep.
    public var frequencyLaws: FrequencyCalibration?
    /// The same of each kind of core by itself; `nil` where all cores are alike or no sweep told them apart.
    public var frequencyGroups: [GroupFrequencyLaws]?
    public var closure: Closure
    /// Looped against in situ; `nil` where the profiles hold no readings between layers.
    public var attribution: Attribution?
    /// Windows and steps of the profiles that were spoiled and left out, by reason.
    public var rejections: [Rejection]
    /// What a reader of the figures should know, one sentence each.
    public var warnings: [String]

    public init(
        kerfVersion: String = KerfVersion.current, provenance: [ProfileSource], box: BoxIdentity,
        frequency: FrequencyDescription, rated: RatedDescription, meter: MeterDescription, model: ModelDescription,
        workload: WorkloadDescription, weightResidency: WeightResidency, layers: [LayerCalibration],
        step: StepCalibration,
        roofline: Roofline? = nil, idlePowerWatts: Quantity, externalPower: [DomainPower]? = nil,
        frequencyLaws: FrequencyCalibration? = nil, frequencyGroups: [GroupFrequencyLaws]? = nil,
        closure: Closure, attribution: Attribution? = nil, rejections: [Rejection], warnings: [String]
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
        self.step = step
        self.roofline = roofline
        self.idlePowerWatts = idlePowerWatts
        self.externalPower = externalPower
        self.frequencyLaws = frequencyLaws
        self.frequencyGroups = frequencyGroups
        self.closure = closure
        self.attribution = attribution
        self.rejections = rejections
        self.warnings = warnings
    }
}

/// A profile that a calibration was made from.
public struct ProfileSource: Codable, Sendable, Hashable {
    /// Of the profile's bytes, in lower-case hexadecimal digits.
    public var sha256: String
    /// When that run ended, as the profile says.
    public var created: String
    /// The Kerf that took the profile.
    public var kerfVersion: String

    public init(sha256: String, created: String, kerfVersion: String) {
        self.sha256 = sha256
        self.created = created
        self.kerfVersion = kerfVersion
    }
}

/// What one layer costs.
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

/// What one pass through one layer costs, over the whole batch.
public struct DirectionCalibration: Codable, Sendable, Hashable {
    /// Inside a whole step.
    public var timeSeconds: Quantity
    public var grossEnergyJoules: Quantity
    /// Gross less idle power times the time.
    public var netEnergyJoules: Quantity
    /// Gross, from the counters between the layers of whole steps; `nil` where the profiles hold none.
    public var inSituEnergyJoules: Quantity?
    /// Time by kernel.
    public var kernelSeconds: [String: Quantity]

    public init(
        timeSeconds: Quantity, grossEnergyJoules: Quantity, netEnergyJoules: Quantity,
        inSituEnergyJoules: Quantity? = nil, kernelSeconds: [String: Quantity]
    ) {
        self.timeSeconds = timeSeconds
        self.grossEnergyJoules = grossEnergyJoules
        self.netEnergyJoules = netEnergyJoules
        self.inSituEnergyJoules = inSituEnergyJoules
        self.kernelSeconds = kernelSeconds
    }
}

/// What one whole training step costs, measured without instruments inside.
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
