import ModelFiles
import Testing
import Workload

@testable import TransformerKernels

/// All that a step computes, bit for bit.
struct StepBits: Equatable {
    var loss: UInt64
    var gradients: [[UInt32]]

    init(_ stacks: LayerStack...) {
        loss = stacks.last?.loss.bitPattern ?? 0
        gradients = stacks.flatMap { stack in
            stack.layers.flatMap { layer in
                stack.lora.targets.compactMap { stack.adapter(layer: layer, projection: $0) }
                    .flatMap { [bits($0.gradientA), bits($0.gradientB)] }
            }
        }
    }
}

extension KernelTests {
    @Suite struct Stack {
        let tiny = Tiny("three blocks", blocks: 3)

        @Test(arguments: 0...3, [ModelVariant(), Tiny.gemma2, Tiny.gemma3])
        func anySplitGivesTheSameBits(cut: Int, variant: ModelVariant) throws {
            let tiny = Tiny("three blocks", blocks: 3, variant: variant)
            let whole = try tiny.stack()
            try whole.forward()
            try whole.backward()

            let device = try tiny.stack(layers: 0...cut)
            let server = try tiny.stack(layers: cut + 1...tiny.lastLayer)
            try device.forward()
            _ = try #require(server.input).update(fromContentsOf: #require(device.output))
            try server.forward()
            try server.backward()
            _ = try #require(device.outputGradient).update(fromContentsOf: #require(server.inputGradient))
            try device.backward()
            #expect(StepBits(device, server) == StepBits(whole))
            #expect(device.input == nil && device.inputGradient == nil)
            #expect(server.output == nil && server.outputGradient == nil)
        }

        @Test(arguments: MatrixEngines.names)
        func repeatedRunsGiveTheSameBits(engine: String) throws {
            let results = try (0..<3).map { _ in
                let stack = try tiny.stack(engine: engine)
                try stack.forward()
                try stack.backward()
                return StepBits(stack)
            }
            #expect(results[1] == results[0] && results[2] == results[0])
        }

        @Test func enginesAgree() throws {
            // One block: the engines round differently, and every further block amplifies that.
            let stacks = try MatrixEngines.names.map { try Tiny("one block").stack(engine: $0) }
            for stack in stacks {
                try stack.forward()
                try stack.backward()
            }
            #expect(abs(stacks[0].loss / stacks[1].loss - 1) < 1e-6)
            for target in Projection.allCases {
                let adapters = try stacks.map { try #require($0.adapter(layer: 1, projection: target)) }
                for gradient in [\Adapter.gradientA, \Adapter.gradientB] {
                    expectClose(
                        adapters[0][keyPath: gradient], doubles(adapters[1][keyPath: gradient]), relative: 1e-5)
                }
            }
        }

        @Test func streamingGivesTheSameBits() throws {
            let stacks = try [WeightResidency.resident, .streaming].map {
                try tiny.stack(engine: "openblas", residency: $0)
            }
            for stack in stacks {
                for _ in 0..<2 { try stack.step() }
            }
            #expect(StepBits(stacks[0]) == StepBits(stacks[1]))
            let (resident, streaming) = (stacks[0].memory, stacks[1].memory)
            let block = 4 * LayerCost(model: tiny.model, lora: tiny.lora, batch: tiny.batch).parameterCount(layer: 1)
            #expect(resident.weights - streaming.weights == 2 * block)
            #expect(resident.total - streaming.total == 2 * block)
        }

        @Test func sharedBlocksAllHaveTheFirstsWeights() throws {
            let shared = try tiny.stack(layers: 2...3, residency: .shared)
            let second = try tiny.stack(layers: 2...2)
            let input = randomValues(tiny.batch.tokenCount * tiny.model.hiddenSize, seed: 31)
            // Adapters off: only the frozen weights are the same.
            for (stack, layers) in [(shared, 2...3), (second, 2...2)] {
                for layer in layers {
                    for target in Projection.allCases {
                        try #require(stack.adapter(layer: layer, projection: target)).b.update(repeating: 0)
                    }
                }
                _ = try #require(stack.input).update(fromContentsOf: input)
            }
            try shared.forward()
            for _ in 0..<2 {
                try second.forward()
                _ = try #require(second.input).update(fromContentsOf: #require(second.output))
            }
            #expect(bits(try #require(shared.output)) == bits(try #require(second.output)))
            #expect(shared.memory.weights == second.memory.weights)
        }

        @Test(arguments: [WeightResidency.resident, .streaming], [false, true])
        func loopingOneLayerChangesNothing(residency: WeightResidency, activationCheckpointing: Bool) throws {
            let stack = try tiny.stack(residency: residency, activationCheckpointing: activationCheckpointing)
            try stack.forward()
            try stack.backward()
            let before = StepBits(stack)
            func buffers() -> [[UInt32]] {
                stack.slots[0].boundaries.map { bits($0.activation.elements) }
                    + (activationCheckpointing ? [] : stack.slots[0].boundaries.map { bits($0.gradient.elements) })
            }
            let buffersBefore = buffers()
            for layer in stack.layers.shuffled() {
                try stack.prepare(layer: layer)
                for _ in 0..<3 { try stack.forward(layer: layer) }
                for _ in 0..<3 { try stack.backward(layer: layer) }
                try stack.forward(layer: layer)
            }
            #expect(buffers() == buffersBefore)
            // With checkpointing a backward pass alone may find the gradient of another boundary.
            if !activationCheckpointing { #expect(StepBits(stack) == before) }
            // And the other layers find what they need.
            try stack.backward()
            #expect(StepBits(stack) == before)
        }

        @Test func lossFallsWithTraining() throws {
            let stack = try tiny.stack()
            stack.optimizer = AdamW(learningRate: 0.02)
            var losses: [Double] = []
            for _ in 0..<20 {
                try stack.step()
                losses.append(stack.loss)
            }
            #expect(losses[19] < 0.5 * losses[0])
            #expect(zip(losses, losses.dropFirst()).count { $1 < $0 } >= 17)
        }

        /// A few whole steps against AdamW in double on the stack's own gradients.
        @Test func updateAppliesAdamWToEveryAdapter() throws {
            let stack = try tiny.stack()
            stack.optimizer = AdamW(learningRate: 0.01, weightDecay: 0.3)
            let adapter = try #require(stack.adapter(layer: 2, projection: .gate))
            var p = doubles(adapter.b)
            var m = p.map { _ in 0.0 }
            var v = m
            for step in 1...4 {
                try stack.step()
                let (c1, c2) = (1 - pow(0.9, step), 1 - pow(0.999, step))
                for (i, g) in doubles(adapter.gradientB).enumerated() {
                    m[i] = 0.9 * m[i] + 0.1 * g
                    v[i] = 0.999 * v[i] + 0.001 * g * g
                    p[i] = p[i] * (1 - 0.01 * 0.3) - 0.01 * (m[i] / c1) / ((v[i] / c2).squareRoot() + 1e-8)
                }
            }
            expectClose(adapter.b, p, relative: 1e-6)
        }

        @Test func adaptersStartAsPEFTStartsThem() throws {
            let stack = try LayerStack(
                model: tiny.model, weights: tiny.weights, lora: tiny.lora, batch: tiny.batch, layers: 1...2,
                engine: MatrixEngines.default(threadCount: 1), residency: .shared, seed: 5, timeline: KernelTimeline())
            let a = try #require(stack.adapter(layer: 1, projection: .down))
            let bound = 1 / Float(tiny.model.intermediateSize).squareRoot()
            #expect(a.a.allSatisfy { abs($0) <= bound } && a.a.contains { abs($0) > bound / 2 })
            #expect(a.b.allSatisfy { $0 == 0 })
            let other = try #require(stack.adapter(layer: 2, projection: .down))
            #expect(Array(a.a) != Array(other.a))
            // The same in a stack of that block alone.
            let alone = try LayerStack(
                model: tiny.model, weights: tiny.weights, lora: tiny.lora, batch: tiny.batch, layers: 2...2,
                engine: MatrixEngines.default(threadCount: 1), residency: .shared, seed: 5, timeline: KernelTimeline())
            #expect(try Array(other.a) == Array(#require(alone.adapter(layer: 2, projection: .down)).a))
        }

        @Test(
            arguments: [false, true],
            [
                Tiny("three blocks", blocks: 3), Tiny("three blocks of Gemma 3", blocks: 3, variant: Tiny.gemma3),
                Tiny("three blocks of Qwen2", blocks: 3, variant: ModelVariant(attentionBiases: true)),
            ])
        func timelineHasTheKernelsOfEachLayer(activationCheckpointing: Bool, tiny: Tiny) throws {
            let timeline = KernelTimeline()
            let stack = try tiny.stack(timeline: timeline, activationCheckpointing: activationCheckpointing)
            timeline.isRecording = true
            try stack.step()
            let cost = LayerCost(
                model: tiny.model, lora: tiny.lora, batch: tiny.batch, activationCheckpointing: activationCheckpointing)
            for layer in stack.layers {
                for direction in Direction.allCases {
                    let spans = timeline.spans.filter { $0.layer == Int32(layer) && $0.direction == direction }
                    // This head keeps no gradient, so that it computes the loss again on its way back.
                    let expected = cost.kernels(of: layer).filter {
                        cost.flops(layer: layer, kernel: $0, direction: direction) > 0
                            || ($0 == .embeddingLookup && direction == .forward) || $0 == .crossEntropy
                    }
                    #expect(Set(spans.map(\.kernel)) == Set(expected), "layer \(layer) \(direction)")
                }
            }
            #expect(timeline.spans.allSatisfy { $0.endNanoseconds >= $0.startNanoseconds })
        }
    }
}

private func pow(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
}
