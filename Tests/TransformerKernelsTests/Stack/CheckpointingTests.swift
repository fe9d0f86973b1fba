import ModelFiles
import Statistics
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    /// Activation checkpointing: the same bits from less memory and more work.
    @Suite struct Checkpointing {
        /// Everything of a few steps, bit for bit: loss, gradients, activations, the gradient of the first boundary, and
        /// trained adapters.
        private func results(_ stack: LayerStack, steps: Int = 3) throws -> (StepBits, [[UInt32]]) {
            for _ in 0..<steps { try stack.step() }
            let boundaries =
                stack.slots[0].boundaries.map { bits($0.activation.elements) }
                + [bits(try #require(stack.slots[0].boundaries.first).gradient.elements)]
            let adapters = stack.layers.flatMap { layer in
                stack.lora.targets.compactMap { stack.adapter(layer: layer, projection: $0) }
                    .flatMap { [bits($0.a), bits($0.b)] }
            }
            return (StepBits(stack), boundaries + adapters)
        }

        @Test(arguments: Tiny.configurations)
        func stepsHaveTheSameBits(tiny: Tiny) throws {
            for tied in [true, false] {
                var tiny = tiny
                (tiny.model.blockCount, tiny.model.tiedEmbeddings) = (3, tied)
                let plain = try results(tiny.stack())
                let again = try results(tiny.stack(activationCheckpointing: true))
                #expect(again.0 == plain.0 && again.1 == plain.1, "tied \(tied)")
                #expect(plain.0.gradients.contains { $0.contains { Float(bitPattern: $0) != 0 } })
            }
        }

        @Test(arguments: Memory.computed)
        func stepsHaveTheSameBitsWithEveryEngine(name: String, format: NumberFormat) throws {
            var tiny = Tiny("wide", blocks: 3, batch: 2, sequence: 24)
            tiny.model = Memory.model(blocks: 3, keyHeads: 2, tied: false)
            for residency in [WeightResidency.resident, .streaming] {
                let stacks = try [false, true].map {
                    try tiny.stack(engine: name, format: format, residency: residency, activationCheckpointing: $0)
                }
                let (plain, again) = (try results(stacks[0]), try results(stacks[1]))
                #expect(again.0 == plain.0 && again.1 == plain.1, "\(residency)")
                #expect(stacks[0].loss.isFinite && !stacks[0].activationCheckpointing)
                #expect(stacks[1].activationCheckpointing)
            }
        }

        /// All forward passes run before the first backward pass, which finds the last micro-batch in the shared memory.
        @Test func microBatchesHaveTheSameBits() throws {
            let tiny = Tiny("three blocks", blocks: 3)
            let count = tiny.batch.tokenCount * tiny.model.hiddenSize
            let gradients = try [false, true].map { activationCheckpointing in
                let stack = try tiny.stack(
                    layers: 0...3, slotCount: 3, activationCheckpointing: activationCheckpointing)
                for slot in 0..<3 {
                    stack.select(slot: slot)
                    try stack.setTokens(tiny.tokens.map { ($0 + Int32(slot)) % Int32(tiny.model.vocabularySize) })
                    try stack.forward()
                    _ = try #require(stack.outputGradient).update(
                        fromContentsOf: randomValues(count, seed: 50 + UInt64(slot)))
                }
                return try (0..<3).map { slot in
                    stack.select(slot: slot)
                    try stack.backward()
                    return StepBits(stack).gradients + [bits(try #require(stack.gradient(after: 0)))]
                }
            }
            #expect(gradients[0] == gradients[1])
            #expect(Set(gradients[0]).count == 3)
        }

        /// A backward pass alone may not read what another one wrote: gradients would grow from pass to pass, and adapters
        /// become NaN even at a learning rate of 0.
        @Test func passesInAnyOrderHaveGradientsOfACommonSize() throws {
            let stack = try Tiny("three blocks", blocks: 3).stack(activationCheckpointing: true)
            stack.optimizer.learningRate = 0
            try stack.step()
            let before = StepBits(stack)
            func largest() -> Float {
                StepBits(stack).gradients.joined().reduce(0) { max($0, abs(Float(bitPattern: $1))) }
            }
            var sizes: [Float] = []
            var generator = SeededGenerator(seed: 7)
            for _ in 0..<100 {
                for layer in (1...3).shuffled(using: &generator) {
                    try stack.backward(layer: layer)
                    try stack.update(layer: layer)
                }
                sizes.append(largest())
            }
            #expect(try #require(sizes.max()) <= 100 * #require(sizes.min()))
            try stack.step()
            #expect(StepBits(stack) == before)
        }

        /// What is written into a gradient is read, also where its memory had another boundary's.
        @Test func aGradientThatIsSetIsRead() throws {
            let gradients = try [false, true].map { activationCheckpointing in
                let stack = try Tiny("three blocks", blocks: 3).stack(activationCheckpointing: activationCheckpointing)
                try stack.forward()
                try stack.backward()
                let gradient = try #require(stack.gradient(after: 2))
                for index in gradient.indices { gradient[index] = 1e-3 * Float(index % 7) }
                try stack.backward(layer: 2)
                return bits(try #require(stack.gradient(after: 1)))
            }
            #expect(gradients[0] == gradients[1])
        }

        @Test func savedActivationsAreInMemoryOnce() throws {
            let tiny = Tiny("three blocks", blocks: 3)
            func stacks(_ layers: ClosedRange<Int>, slots: Int) throws -> (plain: LayerStack, again: LayerStack) {
                (
                    try tiny.stack(layers: layers, slotCount: slots),
                    try tiny.stack(layers: layers, slotCount: slots, activationCheckpointing: true)
                )
            }
            let several = try stacks(0...3, slots: 2)
            let saved = several.plain.slots[0].blocks[0].saved.byteCount
            #expect(saved > 0)
            // Each of two slots has two gradients in place of four, of which one is scratch memory.
            let gradient = 4 * tiny.batch.tokenCount * tiny.model.hiddenSize
            #expect(several.plain.memory.total - several.again.memory.total == (2 * 3 - 1) * saved + 4 * gradient)
            #expect(several.again.memory.scratch - several.plain.memory.scratch == saved + 2 * gradient)
            #expect(several.again.memory.gradients == 2 * gradient)
            let single = try stacks(2...2, slots: 1)
            #expect(single.plain.memory.total == single.again.memory.total)
            let head = try stacks(4...4, slots: 1)
            #expect(head.plain.memory == head.again.memory)
        }

        @Test func theRecomputationIsRecordedUnderBackward() throws {
            let tiny = Tiny("three blocks", blocks: 3)
            let spans = try [false, true].map { activationCheckpointing in
                let timeline = KernelTimeline()
                let stack = try tiny.stack(timeline: timeline, activationCheckpointing: activationCheckpointing)
                timeline.isRecording = true
                try stack.step()
                return timeline.spans
            }
            func kernels(_ spans: [KernelTimeline.Span], _ layer: Int, _ direction: Direction) -> [Kernel] {
                spans.filter { $0.layer == Int32(layer) && $0.direction == direction }.map(\.kernel)
            }
            for layer in 0...tiny.lastLayer {
                let forward = kernels(spans[0], layer, .forward)
                let backward = kernels(spans[0], layer, .backward)
                let isBlock = (1...3).contains(layer)
                #expect(kernels(spans[1], layer, .forward) == forward)
                #expect(kernels(spans[1], layer, .backward) == (isBlock ? forward : []) + backward)
            }
        }
    }
}
