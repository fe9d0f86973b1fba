import CKernels
import Glibc
import ModelFiles
import SystemIO
import Workload

/// The LoRA pairs of one block and AdamW's moments, each in the order of ``AdapterLayout``.
package struct AdapterState: Sendable, Hashable {
    package var parameters: [Float]
    package var firstMoments: [Float]
    package var secondMoments: [Float]

    package init(parameters: [Float], firstMoments: [Float], secondMoments: [Float]) {
        self.parameters = parameters
        self.firstMoments = firstMoments
        self.secondMoments = secondMoments
    }

    /// Pairs before the first update.
    package init(untrained parameters: [Float]) {
        let zeros = [Float](repeating: 0, count: parameters.count)
        self.init(parameters: parameters, firstMoments: zeros, secondMoments: zeros)
    }
}

extension LayerStack {
    /// A block's pairs and moments.
    ///
    /// - Parameter layer: a block of the range.
    package func adapterState(layer: Int) -> AdapterState {
        let adapters = block(layer).adapters
        return AdapterState(
            parameters: Array(adapters.parameters.elements), firstMoments: Array(adapters.firstMoments.elements),
            secondMoments: Array(adapters.secondMoments.elements))
    }

    /// Replaces a block's pairs and moments.
    ///
    /// - Parameter updateCount: updates that the state has had, by which AdamW corrects the moments' bias.
    /// - Throws: ``KerfError/Code/impossibleShape`` when the state has another size than the block's.
    package func setAdapterState(_ state: AdapterState, layer: Int, updateCount: Int) throws {
        try check(layer)
        let adapters = block(layer).adapters
        let values = [state.parameters, state.firstMoments, state.secondMoments]
        guard values.allSatisfy({ $0.count == adapters.parameters.count }) else {
            throw KerfError(
                .impossibleShape,
                "the adapters of layer \(layer) have \(adapters.parameters.count) numbers, not \(values[0].count)")
        }
        let buffers = [adapters.parameters, adapters.firstMoments, adapters.secondMoments]
        for (buffer, values) in zip(buffers, values) { _ = buffer.elements.update(fromContentsOf: values) }
        adapters.updateCount = updateCount
    }

    /// Adds the gradients of a block's last backward pass to the sum over micro-batches.
    ///
    /// - Parameters:
    ///   - isFirst: whether the sum starts anew.
    ///   - isLast: whether the block's gradients become the sum, which ``update(layer:)`` then uses.
    package func accumulateGradients(layer: Int, isFirst: Bool, isLast: Bool) throws {
        guard !(isFirst && isLast), let index = adapterIndex(layer) else { return }
        let sum = try sums()[index]
        let gradients = adapters[index].gradients
        if isFirst {
            memcpy(sum.raw, gradients.raw, gradients.byteCount)
        } else {
            withDenormalsFlushed {
                kerf_add(
                    context.threads, gradients.count, sum.start, gradients.start, (isLast ? gradients : sum).start)
            }
        }
    }

    /// Sum of the squares of a block's gradients, in double; 0 for a layer without adapters.
    package func squaredGradientNorm(layer: Int) -> Double {
        guard let index = adapterIndex(layer) else { return 0 }
        return kerf_sum_of_squares(adapters[index].gradients.count, adapters[index].gradients.start)
    }

    /// Multiplies a block's gradients.
    package func scaleGradients(layer: Int, by factor: Float) {
        guard factor != 1, let index = adapterIndex(layer) else { return }
        withDenormalsFlushed {
            kerf_scale(context.threads, adapters[index].gradients.count, factor, adapters[index].gradients.start)
        }
    }

    private func adapterIndex(_ layer: Int) -> Int? {
        blockLayers.contains(layer) && !lora.targets.isEmpty ? layer - blockLayers.lowerBound : nil
    }

    private func sums() throws -> [AlignedBuffer] {
        if let accumulated { return accumulated }
        let buffers = try adapters.map { adapters in
            guard let buffer = AlignedBuffer(count: adapters.gradients.count) else {
                throw KerfError(
                    .outOfMemory, "\(4 * adapters.gradients.count >> 20) MiB for sums of gradients do not fit",
                    remedy: "use a smaller rank, or one micro-batch")
            }
            return buffer
        }
        accumulated = buffers
        return buffers
    }
}
