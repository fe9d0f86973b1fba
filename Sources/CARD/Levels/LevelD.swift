import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// Memory limits of both sides and the privacy floor: the cuts that may be chosen.
struct LevelD {
    let problem: SplitProblem

    func refine(_ model: inout CutModel) throws(KerfError) {
        model.level = .memoryLimits
        let limits = problem.limits
        guard !limits.isFree else {
            model.assumptions.append("No memory limit and no privacy floor is given.")
            return
        }
        for index in model.cuts.indices {
            let cut = model.cuts[index].cut
            let onDevice = try excess("device", problem.pairing.deviceLayers(at: cut), limits.deviceMemoryBytes)
            let onServer = try excess("server", problem.pairing.serverLayers(at: cut), limits.serverMemoryBytes)
            model.cuts[index].exclusion =
                cut < limits.minimumCut
                ? "keeps fewer than \(limits.minimumCut) blocks on the device" : onDevice ?? onServer
        }
        let excluded = model.cuts.filter { $0.exclusion != nil }.count
        model.assumptions.append(
            "Memory limits and the privacy floor exclude \(excluded) of \(model.cuts.count) cuts.")
    }

    private func excess(
        _ side: String, _ layers: ArraySlice<LayerCalibration>, _ limit: Double?
    ) throws(KerfError) -> String? {
        guard let limit else { return nil }
        guard let need = Self.need(of: layers, tied: problem.pairing.device.model.tiedEmbeddings) else {
            throw KerfError(
                .incomplete, "the \(side)'s calibration does not say how much memory its layers need",
                remedy: "profile it again with this Kerf, or leave out the \(side)'s memory limit")
        }
        guard need > limit else { return nil }
        return "needs \(NumberText.si(need, "B")) of the \(side)'s \(NumberText.si(limit, "B"))"
    }

    /// Bytes that a side needs for its layers; `nil` where a layer's memory is not known.
    ///
    /// Blocks share their scratch memory; the head has its own. A tied model has one matrix for embedding and head,
    /// unless the head keeps its own copy in the engine's layouts, which take twice as much.
    static func need(of layers: ArraySlice<LayerCalibration>, tied: Bool) -> Double? {
        var held = 0
        var scratch: [LayerDescription.Kind: Int] = [:]
        var weights: [LayerDescription.Kind: Int] = [:]
        for layer in layers {
            let kind = layer.description.kind
            guard let memory = layer.description.memory else { return nil }
            held += memory.weightBytes + memory.adapterBytes + memory.optimizerBytes + memory.activationBytes
            scratch[kind] = max(scratch[kind] ?? 0, memory.scratchBytes)
            weights[kind] = memory.weightBytes
        }
        if tied, let embedding = weights[.embedding], let head = weights[.head], head < 2 * embedding {
            held -= embedding
        }
        return Double(held + scratch.values.reduce(0, +))
    }
}

/// Limits that exclude cuts.
public struct CutLimits: Codable, Sendable, Hashable {
    /// Memory for the device's layers; `nil` is no limit.
    public var deviceMemoryBytes: Double?
    /// Memory for the server's layers; `nil` is no limit.
    public var serverMemoryBytes: Double?
    /// c_min, the privacy floor: blocks that must stay on the device. Inputs are easier to reconstruct from the
    /// activations of earlier blocks, which the server then never receives.
    public var minimumCut: Int

    public init(deviceMemoryBytes: Double? = nil, serverMemoryBytes: Double? = nil, minimumCut: Int = 0) {
        self.deviceMemoryBytes = deviceMemoryBytes
        self.serverMemoryBytes = serverMemoryBytes
        self.minimumCut = minimumCut
    }

    /// Whether there is no limit.
    package var isFree: Bool { self == CutLimits() }

    /// - Throws: ``KerfError/Code/invalidArgument``.
    func check(blockCount: Int) throws(KerfError) {
        for (name, bytes) in [("device", deviceMemoryBytes), ("server", serverMemoryBytes)] {
            guard let bytes else { continue }
            guard bytes > 0, bytes <= 1e18 else {
                throw KerfError(.invalidArgument, "the \(name)'s memory must be more than 0 and at most 1e18 bytes")
            }
        }
        guard (0...blockCount).contains(minimumCut) else {
            throw KerfError(
                .invalidArgument, "the privacy floor must be between 0 and \(blockCount), the model's blocks")
        }
    }
}
