import ModelFiles
import Workload

/// What all layers of one stack share.
struct LayerContext {
    let model: ModelConfig
    let batch: BatchShape
    let lora: LoRAConfiguration
    /// Of weights and wide activations.
    let format: NumberFormat
    let team: ThreadTeam
    let timeline: KernelTimeline
    let rope: RotaryTable
    let scratch: Scratch

    var tokenCount: Int { batch.tokenCount }
    var threads: Int32 { Int32(team.count) }
}
