import ModelFiles
import Testing
import Workload

/// Counts against hand calculations for Llama 3.2 1B: 2048 wide, 32 heads of 64 on 8, MLP 8192, 128256 tokens.
@Suite struct LayerCostTests {
    let cost = LayerCost(
        model: ModelConfig(
            name: "llama-3.2-1b", hiddenSize: 2048, blockCount: 16, headCount: 32, keyValueHeadCount: 8, headSize: 64,
            intermediateSize: 8192, vocabularySize: 128_256, rmsNormEpsilon: 1e-5,
            rope: RotaryEmbedding(theta: 500_000), tiedEmbeddings: true),
        lora: LoRAConfiguration(rank: 8, alpha: 16, targets: [.q, .v]), batch: BatchShape(batch: 2, sequence: 128))

    @Test func parameters() {
        // q and o 2048², k and v 512 x 2048, three of 8192 x 2048, two norms.
        let block = 2 * 4_194_304 + 2 * 1_048_576 + 3 * 16_777_216 + 4096
        #expect(cost.parameterCount(layer: 1) == block)
        #expect(cost.parameterCount(layer: 0) == 262_668_288)
        #expect(cost.parameterCount(layer: 17) == 262_670_336)
        // The model's published size, 1.24 billion, counts the tied matrix once.
        #expect((1...17).reduce(0) { $0 + cost.parameterCount(layer: $1) } == 1_235_814_400)
        // A and B of q and v.
        #expect(cost.adapterParameterCount(layer: 3) == 8 * (2048 + 2048) + 8 * (2048 + 512))
        #expect(cost.adapterParameterCount(layer: 0) == 0 && cost.adapterParameterCount(layer: 17) == 0)
        #expect(cost.adapterBytes(layer: 3) == 212_992)
    }

    @Test func outputs() {
        #expect(cost.outputBytes(layer: 0) == 2 * 128 * 2048 * 4)
        #expect(cost.outputBytes(layer: 16) == cost.outputBytes(layer: 0))
        #expect(cost.outputBytes(layer: 17) == 4)
    }

    @Test func products() {
        let tokens = 256.0
        #expect(cost.flops(layer: 1, kernel: .qkvProjection, direction: .forward) == 2 * tokens * 2048 * 3072)
        #expect(cost.flops(layer: 1, kernel: .outputProjection, direction: .backward) == 2 * tokens * 2048 * 2048)
        // The residual stream is added.
        #expect(
            cost.flops(layer: 1, kernel: .outputProjection, direction: .forward)
                == 2 * tokens * 2048 * 2048 + tokens * 2048)
        #expect(cost.flops(layer: 1, kernel: .gateUpProjection, direction: .forward) == 4 * tokens * 2048 * 8192)
        #expect(cost.flops(layer: 1, kernel: .downProjection, direction: .backward) == 2 * tokens * 2048 * 8192)
        #expect(cost.flops(layer: 17, kernel: .lmHead, direction: .forward) == 2 * tokens * 2048 * 128_256)
        #expect(cost.flops(layer: 1, kernel: .lora, direction: .forward) == 2 * tokens * 53_248)
        #expect(cost.flops(layer: 1, kernel: .lora, direction: .backward) == 4 * tokens * 53_248)
    }

    @Test func attentionCountsTheTriangle() {
        // 2 sequences, 32 heads, 128 * 129 / 2 pairs.
        let pairs = 2.0 * 32 * 8256
        #expect(cost.flops(layer: 1, kernel: .attention, direction: .forward) == pairs * (4 * 64 + 4))
        #expect(
            cost.flops(layer: 1, kernel: .attention, direction: .backward)
                == pairs * (8 * 64 + 2) + 2 * 256 * 2048 + 3 * 256 * (2048 + 512))
    }

    @Test func backwardIsAboutOnceForwardNotTwice() {
        for layer in [1, 16, 17] {
            let ratio = cost.flops(layer: layer, direction: .backward) / cost.flops(layer: layer, direction: .forward)
            #expect(ratio > 0.99 && ratio < 1.02)
        }
    }

    @Test func layersAreTheSumOfTheirKernels() {
        let block = Kernel.allCases.filter { $0 != .adamW }
            .reduce(0) { $0 + cost.flops(layer: 5, kernel: $1, direction: .backward) }
        #expect(cost.flops(layer: 5, direction: .backward) == block)
        #expect(cost.flops(layer: 0, direction: .forward) == 0)
        #expect(cost.flops(layer: 1, kernel: .lmHead, direction: .forward) == 0)
        #expect(cost.flops(layer: 17, kernel: .adamW, direction: .backward) == 0)
        #expect(cost.flops(layer: 1, kernel: .adamW, direction: .backward) == 14 * 53_248)
    }

    @Test func checkpointingAddsTheForwardPassOfABlockToItsBackwardPass() {
        let again = LayerCost(model: cost.model, lora: cost.lora, batch: cost.batch, activationCheckpointing: true)
        func expectAdded(_ layer: Int, _ measure: (LayerCost, Direction) -> Double) {
            let (forward, backward) = (measure(cost, .forward), measure(cost, .backward))
            #expect(measure(again, .forward) == forward)
            #expect(measure(again, .backward) == backward + ((1...16).contains(layer) ? forward : 0), "layer \(layer)")
        }
        for layer in [0, 1, 16, 17] {
            expectAdded(layer) { $0.flops(layer: layer, direction: $1) }
            expectAdded(layer) { $0.productFlops(layer: layer, direction: $1) }
            for kernel in Kernel.allCases {
                expectAdded(layer) { $0.flops(layer: layer, kernel: kernel, direction: $1) }
                expectAdded(layer) { $0.bytes(layer: layer, kernel: kernel, direction: $1, format: .bf16) }
            }
        }
        #expect(again.flops(layer: 1, kernel: .rope, direction: .backward) > 0)
        #expect(cost.flops(layer: 1, kernel: .rope, direction: .backward) == 0)
    }

    /// Against hand calculations: what each part of a variant adds.
    @Test func variants() {
        func changed(_ change: (inout ModelVariant) -> Void) -> LayerCost {
            var model = cost.model
            change(&model.variant)
            return LayerCost(model: model, lora: cost.lora, batch: cost.batch)
        }
        func more(_ other: LayerCost, _ kernel: Kernel, _ direction: Direction = .forward) -> Double {
            other.flops(layer: 1, kernel: kernel, direction: direction)
                - cost.flops(layer: 1, kernel: kernel, direction: direction)
        }
        let biased = changed { $0.attentionBiases = true }
        #expect(biased.parameterCount(layer: 1) - cost.parameterCount(layer: 1) == 3072)
        #expect(more(biased, .qkvProjection) == 256 * 3072 && more(biased, .qkvProjection, .backward) == 0)
        #expect(biased.productFlops(layer: 1, direction: .forward) == cost.productFlops(layer: 1, direction: .forward))

        let normed = changed { $0.queryKeyNorms = true }
        #expect(normed.parameterCount(layer: 1) - cost.parameterCount(layer: 1) == 128)
        #expect(normed.flops(layer: 1, kernel: .queryKeyNorm, direction: .forward) == 4 * 256 * 2560)
        #expect(
            normed.bytes(layer: 1, kernel: .queryKeyNorm, direction: .backward, format: .bf16) == 3 * 2 * 256 * 2560)

        // Windows of 32 tokens: the first 32 see 1 to 32, the other 96 see 32 each; layer 2 sees all.
        let windowed = changed { $0.window = AttentionWindow(size: 32, fullLayers: [2]) }
        let pairs = 2.0 * 32 * (528 + 96 * 32)
        #expect(windowed.flops(layer: 1, kernel: .attention, direction: .forward) == pairs * (4 * 64 + 4))
        for direction in Direction.allCases {
            #expect(windowed.flops(layer: 2, direction: direction) == cost.flops(layer: 2, direction: direction))
        }
        let beyond = changed { $0.window = AttentionWindow(size: 128) }
        #expect(more(beyond, .attention) == 0 && more(beyond, .attention, .backward) == 0)

        let post = changed { $0.postNorms = true }
        #expect(post.parameterCount(layer: 1) - cost.parameterCount(layer: 1) == 4096)
        #expect(more(post, .outputProjection) == -256 * 2048)
        #expect(post.flops(layer: 1, kernel: .postMLPNorm, direction: .forward) == 5 * 256 * 2048)
        #expect(post.productFlops(layer: 1, direction: .forward) == cost.productFlops(layer: 1, direction: .forward))

        let gelu = changed { $0.activation = .geluTanh }
        #expect(gelu.kernels(of: 1).contains(.geglu) && !gelu.kernels(of: 1).contains(.swiglu))
        let capped = changed { ($0.attentionSoftCap, $0.logitSoftCap) = (50, 30) }
        #expect(more(capped, .attention) == 2.0 * 32 * 8256 * 6)
        #expect(more(changed { $0.rotarySize = 32 }, .rope) == -3 * 256 * 2560 / 2)
    }

    @Test func withoutTargetsThereIsNoAdapterWork() {
        let bare = LayerCost(
            model: cost.model, lora: LoRAConfiguration(rank: 8, alpha: 16, targets: []), batch: cost.batch)
        #expect(!bare.kernels(of: 1).contains(.lora))
        #expect(bare.flops(layer: 1, kernel: .lora, direction: .forward) == 0)
        #expect(bare.adapterBytes(layer: 1) == 0)
    }
}
