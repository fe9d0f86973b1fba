import ModelFiles
import Workload

extension LayerStack {
    /// The adapters of the range as a safetensors file of f32 tensors, with the names that PEFT gives those of a Llama
    /// model.
    package func adapterFile() throws -> [UInt8] {
        var tensors = AdapterTensors(model: model, lora: lora)
        for layer in blockLayers { tensors[block: layer - 1] = adapterState(layer: layer).parameters }
        return try tensors.file()
    }
}
