import ProfileFormat
import Quantities
import Workload

/// Time and power of one box as functions of the workload, as values at the workloads that were measured.
///
/// All lists have the order of ``workloads``. In between, a kernel's time is interpolated linearly in its work, and a
/// power linearly in the operations of its pass; docs/calibration.md has the equations and the intervals. Outside of the
/// measured workloads the functions are not defined.
public struct WorkloadLaws: Codable, Sendable, Hashable {
    /// At least two, ascending by batch, sequence and rank.
    public var workloads: [MeasuredWorkload]
    /// One entry for each layer and direction that was timed.
    public var passes: [PassWorkloadLaw]
    public var step: StepWorkloadLaw

    public init(workloads: [MeasuredWorkload], passes: [PassWorkloadLaw], step: StepWorkloadLaw) {
        self.workloads = workloads
        self.passes = passes
        self.step = step
    }
}

/// A workload that profiles were taken of.
public struct MeasuredWorkload: Codable, Sendable, Hashable {
    public var batch: Int
    public var sequence: Int
    public var loraRank: Int
    /// Hashes of its profiles, as in the provenance.
    public var profiles: [String]

    public init(batch: Int, sequence: Int, loraRank: Int, profiles: [String]) {
        self.batch = batch
        self.sequence = sequence
        self.loraRank = loraRank
        self.profiles = profiles
    }

    var point: WorkloadPoint { WorkloadPoint(batch: batch, sequence: sequence, loraRank: loraRank) }
}

/// Time and power of one pass of a layer at each workload.
public struct PassWorkloadLaw: Codable, Sendable, Hashable {
    public var layer: Int
    public var direction: Direction
    /// The whole pass.
    public var timeSeconds: [Quantity]
    /// Its kernels, by name.
    public var kernels: [KernelWorkloadLaw]
    /// Time outside of the kernels.
    public var between: KernelWorkloadLaw
    public var grossPowerWatts: [Quantity]
    public var netPowerWatts: [Quantity]
    /// (Predicted - measured) / measured, where a workload's pass is predicted from its neighbors on both sides of an axis:
    /// the largest over the axes.
    public var leaveOneOutRatio: [Quantity]

    public init(
        layer: Int, direction: Direction, timeSeconds: [Quantity], kernels: [KernelWorkloadLaw],
        between: KernelWorkloadLaw, grossPowerWatts: [Quantity], netPowerWatts: [Quantity],
        leaveOneOutRatio: [Quantity]
    ) {
        self.leaveOneOutRatio = leaveOneOutRatio
        self.layer = layer
        self.direction = direction
        self.timeSeconds = timeSeconds
        self.kernels = kernels
        self.between = between
        self.grossPowerWatts = grossPowerWatts
        self.netPowerWatts = netPowerWatts
    }
}

/// Time of a kernel over what it has to do.
public struct KernelWorkloadLaw: Codable, Sendable, Hashable {
    /// `between_kernels` for what is not a kernel's.
    public var kernel: String
    /// What ``work`` counts: the kernel's floating-point operations, its bytes where it has none, or the batch's tokens.
    public var unit: WorkUnit
    public var work: [Double]
    public var timeSeconds: [Quantity]

    public init(kernel: String, unit: WorkUnit, work: [Double], timeSeconds: [Quantity]) {
        self.kernel = kernel
        self.unit = unit
        self.work = work
        self.timeSeconds = timeSeconds
    }

    static let between = "between_kernels"
}

/// What the work of a kernel is counted in.
public enum WorkUnit: String, Codable, Sendable, Hashable, CaseIterable {
    case flops, bytes, tokens
}

/// The whole step at each workload.
public struct StepWorkloadLaw: Codable, Sendable, Hashable {
    public var timeSeconds: [Quantity]
    public var grossPowerWatts: [Quantity]
    public var netPowerWatts: [Quantity]
    /// (Sum of all layers - whole step) / whole step.
    public var closureRatio: [Quantity]
    /// As ``PassWorkloadLaw/leaveOneOutRatio``, of the sum of all layers.
    public var leaveOneOutRatio: [Quantity]

    public init(
        timeSeconds: [Quantity], grossPowerWatts: [Quantity], netPowerWatts: [Quantity], closureRatio: [Quantity],
        leaveOneOutRatio: [Quantity]
    ) {
        self.leaveOneOutRatio = leaveOneOutRatio
        self.timeSeconds = timeSeconds
        self.grossPowerWatts = grossPowerWatts
        self.netPowerWatts = netPowerWatts
        self.closureRatio = closureRatio
    }
}

extension Calibration {
    /// The workloads that the calibration's own is interpolated between; `nil` for one that was measured.
    package var interpolatedFrom: String? {
        guard let laws = workloadLaws, !laws.workloads.isEmpty else { return nil }
        let grid = WorkloadGrid(laws.workloads.map(\.point))
        let own = WorkloadPoint(workload)
        guard !grid.points.contains(own) else { return nil }
        return (try? grid.cell(around: own))?.text ?? "other workloads"
    }

    /// `sequence 128, 256, 512`; `nil` for a calibration of one workload.
    package var measuredWorkloads: String? {
        workloadLaws.map { WorkloadGrid($0.workloads.map(\.point)).text }
    }
}
