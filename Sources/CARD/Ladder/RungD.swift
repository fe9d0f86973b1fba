import Calibration

/// Memory limits of both sides and the privacy floor: which cuts may be chosen at all.
struct RungD {
    let situation: Situation

    func refine(_ model: inout CutModel) throws(CARDError) {
        model.rung = .memoryLimits
        let limits = situation.limits
        try limits.check(blockCount: situation.pairing.blockCount)
        guard !limits.isFree else {
            model.assumptions.append("No limit of memory and no privacy floor is given.")
            return
        }
        for index in model.cuts.indices {
            let cut = model.cuts[index].cut
            let onDevice = try excess("device", situation.pairing.deviceLayers(at: cut), limits.deviceMemoryBytes)
            let onServer = try excess("server", situation.pairing.serverLayers(at: cut), limits.serverMemoryBytes)
            model.cuts[index].exclusion =
                cut < limits.minimumCut
                ? "keeps fewer than \(limits.minimumCut) blocks on the device" : onDevice ?? onServer
        }
        let excluded = model.cuts.filter { $0.exclusion != nil }.count
        model.assumptions.append(
            "Limits of memory and the privacy floor exclude \(excluded) of \(model.cuts.count) cuts.")
    }

    private func excess(
        _ side: String, _ layers: ArraySlice<LayerCalibration>, _ limit: Double?
    ) throws(CARDError) -> String? {
        guard let limit else { return nil }
        var memory: [LayerMemory] = []
        for layer in layers {
            guard let need = layer.description.memory else {
                throw CARDError(
                    .incomplete, "the \(side)'s calibration does not say how much memory its layers need",
                    remedy: "profile it again with this Kerf, or leave out --\(side)-memory")
            }
            memory.append(need)
        }
        let need = LayerMemory.need(of: memory)
        guard need > limit else { return nil }
        return "needs \(NumberText.si(need, "B")) of the \(side)'s \(NumberText.si(limit, "B"))"
    }
}

extension LayerMemory {
    /// Bytes that a side needs for its layers: everything adds up but scratch, of which the largest counts.
    static func need(of layers: [LayerMemory]) -> Double {
        let held = layers.reduce(0.0) { sum, layer in
            sum + Double(layer.weightBytes) + Double(layer.adapterBytes) + Double(layer.optimiserBytes)
                + Double(layer.activationBytes)
        }
        return held + Double(layers.map(\.scratchBytes).max() ?? 0)
    }
}
