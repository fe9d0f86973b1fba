import ModelFiles
import Workload

extension LayerStack {
    /// The adapters as a safetensors file of f32 tensors, with the names that PEFT gives those of a Llama model.
    package func adapterFile() throws -> [UInt8] {
        var file = SafetensorsEncoding()
        for layer in 1...model.blockCount {
            for projection in lora.targets {
                guard let adapter = adapter(layer: layer, projection: projection) else { continue }
                let part = [.q, .k, .v, .o].contains(projection) ? "self_attn" : "mlp"
                let name = "base_model.model.model.layers.\(layer - 1).\(part).\(projection.rawValue)_proj"
                file.append("\(name).lora_A.weight", shape: [adapter.rank, adapter.inputSize], adapter.a)
                file.append("\(name).lora_B.weight", shape: [adapter.outputSize, adapter.rank], adapter.b)
            }
        }
        return try file.bytes()
    }
}
