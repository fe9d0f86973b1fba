import Glibc
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
    /// Where the meter and the clock are read: the running system, or the board's tree.
    package var root: SystemRoot
    /// A board served for this run only; it ends with it.
    private var embedded: EmbeddedBoard?

    /// A virtual board that is already served is used; else one is served until ``close()``.
    package static func choose(_ request: MeterRequest) throws -> MeterSelection {
        if let model = request.powerModel { return try modelled(model) }
        guard let boardDirectory = request.board else { return try open(request, root: SystemRoot(), embedded: nil) }
        let directory = FilePath(boardDirectory)
        let root = SystemRoot(directory)
        if VirtualBoard.marker(in: root)?.isServed == true {
            try VirtualBoard.register(pid: getpid(), in: root)
            return try open(request, root: root, embedded: nil)
        }
        let embedded = try EmbeddedBoard(
            executable: "/proc/self/exe", directory: directory, measuring: getpid())
        return try open(request, root: root, embedded: embedded)
    }

    /// Gives up the place as the board's measured process, and ends a board served for this run.
    package func close() {
        if root.hasVirtualBoard { VirtualBoard.unregister(pid: getpid(), in: root) }
        embedded?.stop()
    }

    private static func open(
        _ request: MeterRequest, root: SystemRoot, embedded: EmbeddedBoard?
    ) throws -> MeterSelection {
        do {
            let meter = try MeterSelector(root: root, rails: request.rails).meter(of: request.backend)
            var description = try MeterDescription(watching: meter)
            // Of the box's own meter only is known how it is updated; a GPU's would slow the watching down.
            let accompanied = withGPU(meter, root: root)
            description.domains = accompanied.tree.domains
            return MeterSelection(meter: accompanied, description: description, root: root, embedded: embedded)
        } catch {
            embedded?.stop()
            // A board or a meter that was asked for must be there; a box without one is no failure.
            if root.hasVirtualBoard || request.backend != nil { throw error }
            return MeterSelection(meter: nil, description: .none(because: "\(error)"), root: root, embedded: nil)
        }
    }

    /// The meter with that of the box's GPUs beside it, where there are any that count their energy.
    private static func withGPU(_ meter: any EnergyMeter, root: SystemRoot) -> any EnergyMeter {
        guard let gpu = try? NVMLProbe(root: root).meter() else { return meter }
        return CompositeMeter(meter, external: gpu)
    }

    private static func modelled(_ model: PowerModel) throws -> MeterSelection {
        let meter = model.meter
        var description = try MeterDescription(watching: meter)
        description.updateIntervalSeconds = .unavailable("a power model has no counter")
        description.resolutionJoules = nil
        description.updates = nil
        description.reason = model.basis
        return MeterSelection(meter: meter, description: description, root: SystemRoot(), embedded: nil)
    }

    /// The meter as it is described at the end of a run: how it was sampled, and whether a GPU was lost, is known by
    /// then.
    package var finalDescription: MeterDescription {
        var description = description
        description.sampling = meter?.sampling
        if let accompanied = meter as? CompositeMeter { description.domains = accompanied.treeNow.domains }
        return description
    }
}

extension MeterDescription {
    /// Describes a meter, and watches it for how finely it tells.
    package init(watching meter: any EnergyMeter) throws(KerfError) {
        let seen = try MeterObservation(of: meter)
        self.init(
            name: meter.name, origin: meter.origin, domains: meter.tree.domains,
            totalOf: meter.tree.counted.map(\.identifier), updateIntervalSeconds: seen.updateIntervalSeconds,
            resolutionJoules: seen.resolutionJoules, updates: seen.updates, sampling: meter.sampling)
    }

    /// No meter, and why.
    package static func none(because reason: String) -> MeterDescription {
        MeterDescription(
            name: nil, origin: .unavailable, domains: [], totalOf: [],
            updateIntervalSeconds: .unavailable("no energy meter"), reason: reason)
    }
}
