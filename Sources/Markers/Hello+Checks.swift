import ModelFiles
import ProfileFormat
import SystemIO
import Workload

extension Hello {
    // Sizes beyond these are a mistake, and products of several would overflow.
    private static let maximumBlocks = 1 << 12
    private static let maximumWidth = 1 << 20
    private static let maximumVocabulary = 1 << 24
    private static let maximumBatch = 1 << 14
    private static let maximumSequence = 1 << 20
    private static let maximumRank = 1 << 16
    private static let maximumThreads = 1 << 16
    /// Parameters of a layer, and bytes.
    private static let maximumCount = 1 << 40
    /// As a profile's file allows.
    private static let maximumFlops = 1e30

    /// - Throws: ``KerfError/Code/programFailed`` with the field that does not fit.
    func check() throws(KerfError) {
        try require(
            version == ServerMessage.version,
            "speaks version \(version) of the marker protocol, not \(ServerMessage.version)")
        try require(pid > 0, "states the process number \(pid)")
        try require(
            NumberFormat(rawValue: runtime.dtype) != nil,
            "computes in \(PlainText.quoted(runtime.dtype)); Kerf knows f32 and bf16")
        let sizes: [(name: String, value: Int, limit: Int)] = [
            ("threads", runtime.threads, Self.maximumThreads), ("block_count", model.blockCount, Self.maximumBlocks),
            ("hidden_size", model.hiddenSize, Self.maximumWidth), ("head_count", model.headCount, Self.maximumWidth),
            ("key_value_head_count", model.keyValueHeadCount, Self.maximumWidth),
            ("head_size", model.headSize, Self.maximumWidth),
            ("intermediate_size", model.intermediateSize, Self.maximumWidth),
            ("vocabulary_size", model.vocabularySize, Self.maximumVocabulary),
            ("batch", workload.batch, Self.maximumBatch), ("sequence", workload.sequence, Self.maximumSequence),
        ]
        for size in sizes {
            try require(
                (1...size.limit).contains(size.value),
                "states \(size.name) \(size.value); it must be between 1 and \(size.limit)")
        }
        try require(
            (0...Self.maximumRank).contains(workload.loraRank) && workload.loraAlpha.isFinite
                && workload.loraAlpha >= 0,
            "states LoRA of rank \(workload.loraRank) and alpha \(workload.loraAlpha)")
        for name in workload.loraTargets {
            try require(Projection(rawValue: name) != nil, "has the LoRA target \(PlainText.quoted(name))")
        }
        try checkLayers()
        try checkPasses()
    }

    private func checkLayers() throws(KerfError) {
        let kinds = ["embedding"] + Array(repeating: "block", count: model.blockCount) + ["head"]
        try require(
            layers.map(\.kind) == kinds,
            "lists \(layers.count) layers that are not an embedding, \(model.blockCount) blocks and a head, in this order"
        )
        for (place, layer) in layers.enumerated() {
            let sizes = [layer.parameters, layer.trainable, layer.outputBytes]
            let flops = [layer.forwardFlops, layer.backwardFlops].compactMap(\.self)
            try require(
                sizes.allSatisfy { (0...Self.maximumCount).contains($0) } && layer.trainable <= layer.parameters
                    && flops.allSatisfy { (0..<Self.maximumFlops).contains($0) },
                "states sizes of layer \(place) that cannot be")
        }
    }

    private func checkPasses() throws(KerfError) {
        try require(Set(passes).count == passes.count, "lists a pass twice")
        let known = layers.indices
        for pass in passes {
            switch pass {
            case .forward(let layer), .backward(let layer):
                try require(known.contains(layer), "lists a pass of layer \(layer), which it does not have")
            case .update: break
            }
        }
        try require(
            known.allSatisfy { passes.contains(.forward($0)) }, "does not list the forward pass of each layer")
        try require(
            isForwardOnly || known.dropFirst().allSatisfy { passes.contains(.backward($0)) },
            "lists the backward pass of some layers, and not of each after the embedding; a step without any is one of "
                + "inference")
        try require(!isForwardOnly || !passes.contains(.update), "lists an update, and no backward pass before it")
        for layer in known where layer == 0 || !isForwardOnly {
            let (isListed, flops) = (passes.contains(.backward(layer)), layers[layer].backwardFlops)
            try require(
                isListed || flops ?? 0 == 0,
                "states operations of layer \(layer)'s backward pass, and lists no such pass")
            try require(
                !isListed || layerDescriptions[layer].backwardFlops > 0,
                "lists layer \(layer)'s backward pass, and states no operations or parameters of it")
        }
    }

    private func require(_ isTrue: Bool, _ what: String) throws(KerfError) {
        guard isTrue else {
            throw KerfError(.programFailed, "the program's client (\(PlainText.shown(client, limit: 60))) \(what)")
        }
    }
}
