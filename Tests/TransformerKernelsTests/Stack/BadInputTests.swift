import ModelFiles
import SystemIO
import SystemPackage
import TestSupport
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    /// Whatever is asked that cannot be: an error of the right kind, and no crash.
    @Suite struct BadInput {
        let tiny = Tiny("one block")

        @Test func tokensBeyondTheVocabulary() throws {
            let stack = try tiny.stack()
            var tokens = tiny.tokens
            tokens[3] = 37
            expect(.invalidToken) { try stack.setTokens(tokens, targets: tiny.targets) }
            tokens[3] = -1
            expect(.invalidToken) { try stack.setTokens(tokens, targets: tiny.targets) }
            expect(.invalidToken) { try stack.setTokens(Array(tiny.tokens.dropLast())) }
            var targets = tiny.targets
            targets[0] = 37
            expect(.invalidToken) { try stack.setTokens(tiny.tokens, targets: targets) }
            expect(.invalidToken) { try stack.setTargets(targets.map { _ in -1 }) }
            #expect(stack.tokens == tiny.tokens && stack.targets == tiny.targets)
        }

        /// A token without target neither adds to the mean nor counts in it.
        @Test func targetsBelowZeroCountForNothing() throws {
            let stack = try tiny.stack()
            let reference = ReferenceModel(tiny.weights, stack: stack)
            let single = tiny.targets.indices.map { $0 == 4 ? Int32(6) : -1 }
            try stack.setTargets(single)
            try stack.forward()
            #expect(abs(stack.loss / reference.loss(tokens: tiny.tokens, targets: single) - 1) < 1e-6)
            // What comes after the only target cannot have a gradient: attention is causal.
            try stack.backward()
            let gradient = stack.slots[0].boundaries[0].gradient.elements
            let width = tiny.model.hiddenSize
            #expect(gradient[..<(5 * width)].contains { $0 != 0 })
            #expect(gradient[(5 * width)...].allSatisfy { $0 == 0 })
        }

        @Test func layersOutOfOrder() throws {
            let stack = try tiny.stack(layers: 1...2)
            expect(.noSuchLayer) { try stack.forward(layer: 0) }
            expect(.noSuchLayer) { try stack.backward(layer: 3) }
            expect(.noSuchLayer) { try stack.prepare(layer: 3) }
            expect(.noSuchLayer) { try stack.update(layer: 0) }
            expect(.notReady) { try stack.backward(layer: 1) }
            #expect(stack.adapter(layer: 2, projection: .q) == nil)
            #expect(stack.adapter(layer: 7, projection: .q) == nil)
        }

        @Test func nothingToRunOn() throws {
            let stack = try LayerStack(
                model: tiny.model, weights: tiny.weights, lora: tiny.lora, batch: tiny.batch, layers: 0...2,
                engine: MatrixEngines.default(threadCount: 1), residency: .resident, seed: 1,
                timeline: KernelTimeline())
            expect(.notReady) { try stack.forward(layer: 0) }
            expect(.notReady) { try stack.forward(layer: 2) }
        }

        @Test func streamedWeightsThatAreNotThere() throws {
            let stack = try Tiny("two blocks", blocks: 2).stack(residency: .streaming)
            expect(.notReady) { try stack.forward(layer: 1) }
            try stack.prepare(layer: 1)
            try stack.forward(layer: 0)
            try stack.forward(layer: 1)
            expect(.notReady) { try stack.forward(layer: 2) }
            try stack.prepare(layer: 2)
            expect(.notReady) { try stack.backward(layer: 1) }
        }

        @Test func sizesThatCannotBe() {
            var model = tiny.model
            model.hiddenSize = 0
            expectImpossible(model)
            model = tiny.model
            model.keyValueHeadCount = 3
            expectImpossible(model)
            model = tiny.model
            model.headSize = 5
            expectImpossible(model)
            model = tiny.model
            model.vocabularySize = 1 << 40
            expectImpossible(model)
            model = tiny.model
            model.intermediateSize = .max
            expectImpossible(model)
            model = tiny.model
            model.rope.theta = .nan
            expectImpossible(model)
            expectImpossible(tiny.model, batch: BatchShape(batch: 0, sequence: 4))
            expectImpossible(tiny.model, lora: LoRAConfiguration(rank: 0, alpha: 1, targets: [.q]))
            expectImpossible(tiny.model, lora: LoRAConfiguration(rank: 1, alpha: .infinity, targets: [.q]))
            expect(.noSuchLayer) { try self.stack(tiny.model, layers: 0...3) }
            expect(.noSuchLayer) { try self.stack(tiny.model, layers: -1...0) }
        }

        /// Each size may be, what they make together not: nothing is written to before all is known to fit.
        @Test func moreMemoryThanThereIs() {
            var model = tiny.model
            model.hiddenSize = 1 << 20
            model.intermediateSize = 1 << 24
            expect(.outOfMemory) { try stack(model) }
            model = tiny.model
            model.blockCount = 1 << 24
            expect(.outOfMemory) {
                _ = try LayerStack(
                    model: model, weights: tiny.weights, lora: tiny.lora, batch: tiny.batch, layers: 0...1 << 24,
                    engine: MatrixEngines.default(threadCount: 1), residency: .resident, seed: 1,
                    timeline: KernelTimeline(), limits: MemoryLimits(memoryBytes: 1 << 20))
            }
            expect(.impossibleShape) {
                try stack(tiny.model, batch: BatchShape(batch: 1 << 24, sequence: 1 << 24))
            }
            expect(.outOfMemory) { try stack(tiny.model, batch: BatchShape(batch: 1 << 20, sequence: 1 << 18)) }
        }

        @Test func availableMemoryIsReadFromTheKernel() throws {
            let tree = try FixtureTree()
            let machine = availableMemoryBytes(root: tree.path.string)
            #expect(machine > 1 << 20)
            try tree.write("proc/meminfo", "MemTotal: 900 kB\nMemAvailable:     123 kB\n")
            #expect(availableMemoryBytes(root: tree.path.string) == 123 * 1024)
            for text in [
                "MemAvailable: garbage kB\n", "MemAvailable: -4 kB\n", "MemAvailable: 9223372036854775807 kB\n",
            ] {
                try tree.write("proc/meminfo", text)
                #expect(availableMemoryBytes(root: tree.path.string) == machine)
            }
        }

        @Test func aControlGroupBoundsTheMemory() throws {
            let tree = try FixtureTree()
            try tree.write("proc/self/cgroup", "3:memory:/docker/0123\n")
            try tree.write(
                under: "sys/fs/cgroup/memory", ["memory.limit_in_bytes": "70000", "memory.usage_in_bytes": "50000"])
            #expect(availableMemoryBytes(root: tree.path.string) == 20_000)
            #expect(MatrixEngines.defaultThreadCount <= MatrixEngines.processorCount)
        }

        @Test func errorsOfTheSourcePassThrough() {
            struct Broken: WeightSource {
                let config: ModelConfig
                var kind: WeightsKind { .random }
                var origin: String { "nowhere" }
                func read(
                    _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
                ) throws {
                    throw KerfError(.missingTensor, at: "f", "no tensor")
                }
            }
            #expect(throws: KerfError.self) {
                try LayerStack(
                    model: tiny.model, weights: Broken(config: tiny.model), lora: tiny.lora, batch: tiny.batch,
                    layers: 0...2, engine: MatrixEngines.default(), residency: .resident, seed: 1,
                    timeline: KernelTimeline())
            }
        }

        @Test func loraTargetsAreASetInOrder() {
            #expect(LoRAConfiguration(rank: 1, alpha: 1, targets: [.down, .q, .down]).targets == [.q, .down])
        }

        private func stack(
            _ model: ModelConfig, lora: LoRAConfiguration? = nil, batch: BatchShape? = nil,
            layers: ClosedRange<Int> = 0...2
        ) throws {
            _ = try LayerStack(
                model: model, weights: SeededWeights(config: model, seed: 1), lora: lora ?? tiny.lora,
                batch: batch ?? tiny.batch, layers: layers, engine: MatrixEngines.default(threadCount: 1),
                residency: .resident, seed: 1, timeline: KernelTimeline())
        }

        private func expectImpossible(
            _ model: ModelConfig, lora: LoRAConfiguration? = nil, batch: BatchShape? = nil,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            expect(.impossibleShape, sourceLocation: sourceLocation) { try stack(model, lora: lora, batch: batch) }
        }

        private func expect(
            _ code: KerfError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
        ) {
            let error = #expect(throws: KerfError.self, sourceLocation: sourceLocation) { try body() }
            #expect(error?.code == code, sourceLocation: sourceLocation)
        }
    }
}
