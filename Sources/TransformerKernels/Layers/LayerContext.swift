internal import ModelFiles

/// What all layers of one stack share.
struct LayerContext {
    let model: ModelConfig
    let batch: BatchShape
    let lora: LoRAConfiguration
    let engine: any MatrixEngine
    let team: ThreadTeam
    let timeline: KernelTimeline
    let rope: RotaryTable
    let scratch: Scratch

    var tokenCount: Int { batch.tokenCount }
    var threads: Int32 { Int32(team.count) }

    /// output = input Wᵀ, for a weight of shape `[outputSize, inputSize]`.
    func multiply(
        rows: Int, _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>, inputSize: Int, outputSize: Int,
        into output: UnsafeMutablePointer<Float>, adding: Bool = false, scale: Float = 1
    ) throws {
        try engine.gemm(
            transposeA: false, transposeB: true, m: rows, n: outputSize, k: inputSize, alpha: scale, a: input,
            lda: inputSize, b: weight, ldb: inputSize, beta: adding ? 1 : 0, c: output, ldc: outputSize)
    }

    /// inputGradient = outputGradient W: the gradient of ``multiply``'s input.
    func multiplyBack(
        rows: Int, _ outputGradient: UnsafePointer<Float>, weight: UnsafePointer<Float>, inputSize: Int,
        outputSize: Int, into inputGradient: UnsafeMutablePointer<Float>, adding: Bool = false, scale: Float = 1
    ) throws {
        try engine.gemm(
            transposeA: false, transposeB: false, m: rows, n: inputSize, k: outputSize, alpha: scale,
            a: outputGradient, lda: outputSize, b: weight, ldb: inputSize, beta: adding ? 1 : 0, c: inputGradient,
            ldc: inputSize)
    }

    /// weightGradient = scale outputGradientᵀ input, of shape `[outputSize, inputSize]`.
    func multiplyForWeight(
        _ outputGradient: UnsafePointer<Float>, _ input: UnsafePointer<Float>, inputSize: Int, outputSize: Int,
        into weightGradient: UnsafeMutablePointer<Float>, scale: Float = 1
    ) throws {
        try engine.gemm(
            transposeA: true, transposeB: false, m: outputSize, n: inputSize, k: tokenCount, alpha: scale,
            a: outputGradient, lda: outputSize, b: input, ldb: inputSize, beta: 0, c: weightGradient, ldc: inputSize)
    }
}
