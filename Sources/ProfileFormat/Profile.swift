import SystemIO
import Workload

/// The record of one profiling run: raw samples, never edited. All results are computed from it.
public struct Profile: Codable, Sendable, KerfFile {
    public static let schema = "kerf.profile"
    public static let schemaVersion = 3
    public static let oldestReadableVersion = 1
    public static var remedy: Remedy { "run kerf profile first" }

    public var schema: String
    public var schemaVersion: Int
    public var kerfVersion: String
    /// When the run ended, ISO 8601, UTC.
    public var created: String
    public var box: BoxIdentity
    public var frequency: FrequencyDescription
    public var rated: RatedDescription
    public var meter: MeterDescription
    public var model: ModelDescription
    public var workload: WorkloadDescription
    public var settings: ProfileSettings
    /// Peak performance of the box, measured before the layers.
    public var roofline: Roofline?
    /// All layers, in order: embedding, blocks, head.
    public var layers: [LayerDescription]
    /// Whole steps without instruments.
    public var steps: [StepSample]
    /// Layers timed inside whole steps, one entry for each layer and direction.
    public var layerTimes: [LayerTimes]
    /// The same steps as wholes, instruments included. A pair of interleaved steps is one of them: the passes that had
    /// instruments.
    public var instrumentedSteps: [StepSample]?
    /// Interleaved steps; `nil` where none were taken.
    public var instrumentationOverheadPairs: [InstrumentationOverheadPair]?
    /// The counters between the layers of instrumented steps; `nil` without a meter.
    public var stepTraces: [StepTrace]?
    /// The idle box, before, during and after the run.
    public var idleWindows: [EnergyWindow]
    /// Windows of repeated work.
    public var energyWindows: [EnergyWindow]
    /// Windows and steps that were rejected, by reason.
    public var rejections: [Rejection]
    /// The cost of instruments.
    public var overhead: InstrumentationOverhead
    /// The step at several frequencies; `nil` where that was not requested or the frequency cannot be set, see
    /// ``FrequencyDescription/reason``.
    public var frequencySweep: FrequencySweep?
    /// Checks that were computed from the samples at the end of the run.
    public var checks: ProfileChecks?
    /// What disturbed the run, its sweep included; `nil` in older files.
    public var disturbances: Disturbances?
    /// The state of the box over the run and its sweep; `nil` in older files, and where nothing was read.
    public var conditions: ConditionSeries?

    public init(
        kerfVersion: String, created: String, box: BoxIdentity, frequency: FrequencyDescription,
        rated: RatedDescription, meter: MeterDescription, model: ModelDescription, workload: WorkloadDescription,
        settings: ProfileSettings, roofline: Roofline? = nil, layers: [LayerDescription], steps: [StepSample],
        layerTimes: [LayerTimes], instrumentedSteps: [StepSample]? = nil,
        instrumentationOverheadPairs: [InstrumentationOverheadPair]? = nil,
        stepTraces: [StepTrace]? = nil, idleWindows: [EnergyWindow], energyWindows: [EnergyWindow],
        rejections: [Rejection], overhead: InstrumentationOverhead,
        frequencySweep: FrequencySweep? = nil, checks: ProfileChecks? = nil, disturbances: Disturbances? = nil,
        conditions: ConditionSeries? = nil
    ) {
        self.schema = Self.schema
        self.schemaVersion = Self.schemaVersion
        self.kerfVersion = kerfVersion
        self.created = created
        self.box = box
        self.frequency = frequency
        self.rated = rated
        self.meter = meter
        self.model = model
        self.workload = workload
        self.settings = settings
        self.roofline = roofline
        self.layers = layers
        self.steps = steps
        self.layerTimes = layerTimes
        self.instrumentedSteps = instrumentedSteps
        self.instrumentationOverheadPairs = instrumentationOverheadPairs
        self.stepTraces = stepTraces
        self.idleWindows = idleWindows
        self.energyWindows = energyWindows
        self.rejections = rejections
        self.overhead = overhead
        self.frequencySweep = frequencySweep
        self.checks = checks
        self.disturbances = disturbances
        self.conditions = conditions
    }
}

extension Profile {
    /// Version 3 renamed fields and changed nothing else.
    public static func renamedKeys(from version: Int) -> [String: String] {
        [
            "counted_time_ratio": "computed_overhead_ratio", "looks_per_step": "samples_per_step",
            "looks_seconds": "sampling_seconds", "optimiser_bytes": "optimizer_bytes",
            "own_cost_pairs": "instrumentation_overhead_pairs", "own_energy_ratio": "overhead_energy_ratio",
            "own_time_ratio": "overhead_time_ratio", "peaks": "roofline",
        ]
    }

    /// In the first files of version 1 a step's trace has one list for the total of all domains. With one domain it is
    /// that domain's. With several, each of which is updated at moments of its own, the traces cannot be used.
    public mutating func upgrade(from version: Int) {
        guard let traces = stepTraces else { return }
        let ofTotal = traces.count { $0.joules[StepTrace.total] != nil }
        guard ofTotal > 0 else { return }
        if meter.totalOf.count == 1 {
            stepTraces = traces.map { trace in
                var trace = trace
                trace.joules = trace.joules[StepTrace.total].map { [meter.totalOf[0]: $0] } ?? trace.joules
                return trace
            }
        } else {
            stepTraces = nil
            rejections.append(Rejection(reason: StepTrace.totalOnly, count: ofTotal))
        }
    }
}

/// The settings of the run.
public struct ProfileSettings: Codable, Sendable, Hashable {
    public var budgetSeconds: Double
    /// Relative half width at which a time is known well enough, 0.02 for 2 %.
    public var targetRelativeHalfWidth: Double
    public var confidence: Double
    /// Seed of the random order, tokens and random weights.
    public var seed: Int
    /// `resident`: all weights in memory; `streaming`: one layer at a time, loading kept out of the windows; `shared`:
    /// all blocks use one block's weights.
    public var weightResidency: WeightResidency

    public init(
        budgetSeconds: Double, targetRelativeHalfWidth: Double, confidence: Double, seed: Int,
        weightResidency: WeightResidency
    ) {
        self.budgetSeconds = budgetSeconds
        self.targetRelativeHalfWidth = targetRelativeHalfWidth
        self.confidence = confidence
        self.seed = seed
        self.weightResidency = weightResidency
    }
}

/// One whole step without instruments: forward, loss, backward and AdamW over all layers.
public struct StepSample: Codable, Sendable, Hashable {
    /// Wall time without loading of weights.
    public var seconds: Double
    /// Processor time of all threads in that time.
    public var cpuSeconds: Double
    /// Steps with and without instruments that were taken right after each other have the same number; `nil` in older
    /// files.
    public var pair: Int?
    /// Seconds from the start of the run, or of the visit to a frequency, to the start of the step; `nil` in older files.
    public var startSeconds: Double?

    public init(seconds: Double, cpuSeconds: Double, pair: Int? = nil, startSeconds: Double? = nil) {
        self.seconds = seconds
        self.cpuSeconds = cpuSeconds
        self.pair = pair
        self.startSeconds = startSeconds
    }
}

/// Times of one layer in one direction inside instrumented whole steps; sample `i` of every layer is step `i`.
public struct LayerTimes: Codable, Sendable, Hashable {
    /// 0 the embedding, 1...L the blocks, L + 1 the head.
    public var layer: Int
    /// `forward` or `backward`; AdamW is the last kernel of a block's backward.
    public var direction: Direction
    public var seconds: [Double]
    /// Seconds by kernel, same samples.
    public var kernels: [String: [Double]]

    public init(layer: Int, direction: Direction, seconds: [Double], kernels: [String: [Double]]) {
        self.layer = layer
        self.direction = direction
        self.seconds = seconds
        self.kernels = kernels
    }
}

/// Windows or steps that were rejected for one reason.
public struct Rejection: Codable, Sendable, Hashable {
    public var reason: String
    public var count: Int

    public init(reason: String, count: Int) {
        self.reason = reason
        self.count = count
    }
}
