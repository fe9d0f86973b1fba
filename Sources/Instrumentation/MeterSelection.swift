import MeterProgram
import NVML
import ProbeKit
import ProfileFormat
import Quantities
import SystemIO
import SystemPackage
import VirtualBoard

/// The energy meter of a run: the box's own, a virtual board's, or none with the reason.
package struct MeterSelection {
    package var meter: (any EnergyMeter)?
    package var description: MeterDescription
    /// Why there is no meter; `nil` with one.
    package var failure: KerfError?
    /// The root for the meter and the frequency: the running system's or the board's.
    package var root: SystemRoot
    /// A board that is served for this run only.
    private var embedded: EmbeddedBoard?
    /// Whose processor time a board counts.
    private var process: ObservedProcess

    /// Uses a virtual board that is already served, or serves one until ``close()``.
    ///
    /// - Parameters:
    ///   - process: whose processor time a board or a power model counts.
    ///   - accelerators: as ``Hello/usedAccelerators``: the GPUs whose energy is part of the total.
    package static func choose(
        _ request: MeterRequest, measuring process: ObservedProcess = .own, on accelerators: [String]? = nil
    ) throws -> MeterSelection {
        if let model = request.powerModel { return try modelled(model, of: process, on: accelerators) }
        guard let boardDirectory = request.board else {
            return try open(request, root: SystemRoot(), embedded: nil, process, on: accelerators)
        }
        let directory = FilePath(boardDirectory)
        let root = SystemRoot(directory)
        if let marker = VirtualBoard.marker(in: root), let server = marker.pid, marker.isServed {
            VirtualBoard.permitSlowing(by: server)
            try VirtualBoard.register(pid: process.publicNumber, in: root)
            return try open(request, root: root, embedded: nil, process, on: accelerators)
        }
        let embedded = try EmbeddedBoard(
            executable: "/proc/self/exe", directory: directory, measuring: process.publicNumber)
        return try open(request, root: root, embedded: embedded, process, on: accelerators)
    }

    /// Unregisters the process from the board, and ends a board that is served for this run.
    package func close() {
        (meter as? ProgramMeter)?.stop()
        if root.hasVirtualBoard { VirtualBoard.unregister(pid: process.publicNumber, in: root) }
        embedded?.stop()
    }

    private static func open(
        _ request: MeterRequest, root: SystemRoot, embedded: EmbeddedBoard?, _ process: ObservedProcess,
        on accelerators: [String]?
    ) throws -> MeterSelection {
        do {
            let (meter, description) =
                if let command = request.command {
                    // It holds all that the box draws, its GPUs too.
                    try reported(by: command, origin: root.origin)
                } else if let accelerators {
                    try withUsedGPUs(request, root: root, accelerators)
                } else {
                    try withOtherGPUs(
                        try MeterSelector(root: root, rails: request.rails).meter(of: request.backend), root)
                }
            return MeterSelection(
                meter: meter, description: description, root: root, embedded: embedded, process: process)
        } catch {
            embedded?.stop()
            // A board or a meter that was requested must be available; a box without a meter is not an error.
            if root.hasVirtualBoard || request.backend != nil || request.command != nil { throw error }
            return MeterSelection(
                meter: nil, description: .none(because: "\(error)"), failure: error, root: root,
                embedded: nil, process: process)
        }
    }

    /// The box's meter, and the energy of its GPUs beside it, where they have energy counters.
    private static func withOtherGPUs(
        _ selected: MeterSelector.Selected, _ root: SystemRoot
    ) throws(KerfError) -> (any EnergyMeter, MeterDescription) {
        // Only the box's own meter is observed; reading a GPU's would slow the polling down.
        var description = MeterDescription(of: selected.meter, selected.observation)
        // A GPU is external to the box's total; the doctor says why one cannot be read.
        guard let gpus = try? NVMLProbe(root: root).meter() else { return (selected.meter, description) }
        let composite = CompositeMeter(selected.meter, external: gpus)
        description.domains = composite.tree.domains
        return (composite, description)
    }

    /// The sum of the box's meter and of the GPUs that run the step, or the one that there is.
    private static func withUsedGPUs(
        _ request: MeterRequest, root: SystemRoot, _ accelerators: [String]
    ) throws(KerfError) -> (any EnergyMeter, MeterDescription) {
        let box: AcceleratedMeter.Box
        do throws(KerfError) {
            box = .init(try MeterSelector(root: root, rails: request.rails).meter(of: request.backend))
        } catch {
            // What was asked for by name has to be there.
            guard request.backend == nil, !root.hasVirtualBoard else { throw error }
            box = .missing(error)
        }
        let total = try AcceleratedMeter(box, accelerators, root: root)
        return (total.meter, try total.description)
    }

    private static func modelled(
        _ model: PowerModel, of process: ObservedProcess, on accelerators: [String]?
    ) throws -> MeterSelection {
        var meter: any EnergyMeter = model.meter(of: process)
        var reasons = [model.basis]
        if let accelerators {
            let total = try AcceleratedMeter(.processors(meter), accelerators, root: SystemRoot())
            meter = total.meter
            if let reservation = total.reservation { reasons.append(reservation) }
        }
        var description = MeterDescription(of: meter, try MeterObservation(of: meter))
        description.reason = reasons.joined(separator: "; ")
        return MeterSelection(
            meter: meter, description: description, root: SystemRoot(), embedded: nil, process: process)
    }

    /// The description at the end of a run, with the sampling statistics and GPUs that were lost.
    package var finalDescription: MeterDescription {
        var description = description
        description.sampling = meter?.sampling
        if let composite = meter as? CompositeMeter { description.domains = composite.treeNow.domains }
        if let program = meter as? ProgramMeter { description.count(program) }
        return description
    }
}

extension MeterDescription {
    /// Describes a meter with its observed update interval and resolution.
    package init(of meter: any EnergyMeter, _ seen: MeterObservation) {
        let hasCounter = !(meter is PowerModelMeter)
        self.init(
            name: meter.name, origin: meter.origin, domains: meter.tree.domains,
            totalOf: meter.tree.counted.map(\.identifier),
            updateIntervalSeconds: hasCounter
                ? seen.updateIntervalSeconds : .unavailable("a power model has no counter"),
            resolutionJoules: hasCounter ? seen.resolutionJoules : nil, updates: hasCounter ? seen.updates : nil,
            sampling: meter.sampling)
    }

    /// The description of a missing meter.
    package static func none(because reason: String) -> MeterDescription {
        MeterDescription(
            name: nil, origin: .unavailable, domains: [], totalOf: [],
            updateIntervalSeconds: .unavailable("no energy meter"), reason: reason)
    }
}

/// The meter that a run requests.
package struct MeterRequest: Sendable {
    /// Directory of a virtual board; `nil` for the running system.
    package var board: String?
    /// The only backend to try; `nil` for the first available one.
    package var backend: MeterBackend?
    /// Power rails of hwmon chips that add up to the box; empty to derive them.
    package var rails: [String]
    /// A declared power model in place of a meter.
    package var powerModel: PowerModel?
    /// A program that reads a meter of its own, and its arguments; `nil` for a meter of the box.
    package var command: [String]?

    package init(
        board: String? = nil, backend: MeterBackend? = nil, rails: [String] = [], powerModel: PowerModel? = nil,
        command: [String]? = nil
    ) {
        self.command = command
        self.board = board
        // Named rails imply hwmon.
        self.backend = backend ?? (rails.isEmpty ? nil : .hwmon)
        self.rails = rails
        self.powerModel = powerModel
    }
}
