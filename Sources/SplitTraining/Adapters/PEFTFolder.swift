import FoundationEssentials
import Glibc
import ModelFiles
import SystemIO
import Workload

/// A folder with LoRA adapters in the format of Hugging Face's PEFT: `adapter_config.json` and
/// `adapter_model.safetensors`.
package enum PEFTFolder {
    private static let configName = "adapter_config.json"
    private static let tensorsName = "adapter_model.safetensors"
    private static let maximumConfigBytes = 1 << 20

    /// Both files of a folder.
    static func files(in folder: String) -> [String] { [tensorsName, configName].map { folder + "/" + $0 } }

    /// Writes both files, each whole or not at all, into a folder that is made if it does not exist.
    ///
    /// - Parameter baseModel: the name under which PEFT looks for the base model.
    package static func write(_ tensors: AdapterTensors, baseModel: String, to folder: String) throws {
        var fields = Config(
            baseModelNameOrPath: baseModel, r: tensors.lora.rank, loraAlpha: tensors.lora.alpha,
            targetModules: tensors.lora.targets.map { "\($0.rawValue)_proj" })
        if tensors.model.variant.fusedProjections { fields.setModules(tensors) }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let config = [UInt8](try encoder.encode(fields)) + Array("\n".utf8)
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
            throw KerfError(
                .cannotCreate, at: folder, "cannot be made: \(String(cString: strerror(errno)))",
                remedy: "make the directory first")
        }
        try AtomicFile.write(try tensors.file(), to: folder + "/" + tensorsName)
        try AtomicFile.write(config, to: folder + "/" + configName)
    }

    /// Reads adapters of a model.
    ///
    /// - Throws: ``KerfError``: a file is missing or malformed, the adapters are not a plain LoRA, or do not fit the model.
    package static func read(_ folder: String, model: ModelConfig) throws -> AdapterTensors {
        let path = folder + "/" + configName
        let text = try JSONText.checked(try FileBytes.read(path, limit: maximumConfigBytes), file: path)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let config: Config
        do { config = try decoder.decode(Config.self, from: Data(text)) } catch {
            throw KerfError(
                .malformed, at: path, "is not the configuration of a LoRA by PEFT: \(KerfJSON.fault(error))",
                remedy: "give the folder that PEFT's save_pretrained wrote")
        }
        var tensors = AdapterTensors(model: model, lora: try config.lora(of: model, path: path))
        try tensors.read(path: folder + "/" + tensorsName)
        return tensors
    }

    /// The fields of `adapter_config.json` that Kerf knows. Those that would change the computation must have the values
    /// that they have in a plain LoRA.
    private struct Config: Codable {
        var peftType = "LORA"
        var taskType: String? = "CAUSAL_LM"
        var baseModelNameOrPath: String?
        var r: Int
        var loraAlpha: Double
        var loraDropout: Double? = 0
        var targetModules: [String]
        var bias: String? = "none"
        var fanInFanOut: Bool? = false
        var useRslora: Bool? = false
        var useDora: Bool? = false
        var inferenceMode: Bool? = true
        var modulesToSave: [String]?
        /// Ranks and alphas of single modules, and what else newer versions add to a LoRA.
        var rankPattern: [String: Int]?
        var alphaPattern: [String: Double]?
        var layersToTransform: [Int]?
        var layerReplication: [[Int]]?
        var loraBias: Bool?

        init(baseModelNameOrPath: String, r: Int, loraAlpha: Double, targetModules: [String]) {
            self.baseModelNameOrPath = baseModelNameOrPath
            self.r = r
            self.loraAlpha = loraAlpha
            self.targetModules = targetModules
        }

        /// Modules of several projections have the sum of their ranks, and alpha in proportion.
        mutating func setModules(_ tensors: AdapterTensors) {
            targetModules = []
            for module in tensors.modules {
                let name = String(module.name.split(separator: ".").last ?? "")
                targetModules.append(name)
                guard module.pairs.count > 1 else { continue }
                rankPattern = (rankPattern ?? [:]).merging([name: module.pairs.count * r]) { $1 }
                alphaPattern = (alphaPattern ?? [:]).merging([name: Double(module.pairs.count) * loraAlpha]) { $1 }
            }
        }

        /// The configuration of a model's own projections.
        func lora(of model: ModelConfig, path: String) throws(KerfError) -> LoRAConfiguration {
            guard model.variant.fusedProjections else { return try lora(path: path) }
            var own = self
            own.targetModules = []
            for module in targetModules {
                let group = ProjectionGroup.allCases.first { $0.fusedModuleName.hasSuffix("." + module) }
                let projections = group?.projections ?? []
                own.targetModules += projections.isEmpty ? [module] : projections.map { "\($0.rawValue)_proj" }
                guard projections.count > 1 else { continue }
                // Of fewer than all of a module's projections a rank does not tell which ones.
                let (rank, overflow) = projections.count.multipliedReportingOverflow(by: r)
                guard !overflow, rankPattern?[module] == rank,
                    alphaPattern?[module] == Double(projections.count) * loraAlpha
                else {
                    throw KerfError(
                        .unsupported, at: path,
                        "rank_pattern and alpha_pattern of \(PlainText.quoted(module)) are not \(projections.count) times r "
                            + "and lora_alpha",
                        remedy: "give adapters that Kerf wrote, of all projections of the module")
                }
                own.rankPattern?[module] = nil
                own.alphaPattern?[module] = nil
            }
            return try own.lora(path: path)
        }

        private func lora(path: String) throws(KerfError) -> LoRAConfiguration {
            let deviations = [
                ("peft_type", peftType != "LORA"), ("bias", bias ?? "none" != "none"),
                ("fan_in_fan_out", fanInFanOut ?? false), ("use_rslora", useRslora ?? false),
                ("use_dora", useDora ?? false), ("modules_to_save", !(modulesToSave ?? []).isEmpty),
                ("rank_pattern", !(rankPattern ?? [:]).isEmpty), ("alpha_pattern", !(alphaPattern ?? [:]).isEmpty),
                ("layers_to_transform", layersToTransform != nil), ("layer_replication", layerReplication != nil),
                ("lora_bias", loraBias ?? false),
            ]
            if let (name, _) = deviations.first(where: \.1) {
                throw KerfError(
                    .unsupported, at: path, "\(name) is not that of a plain LoRA",
                    remedy: "give adapters of a LoRA without variants")
            }
            var targets: [Projection] = []
            for module in targetModules {
                guard module.hasSuffix("_proj"), let target = Projection(rawValue: String(module.dropLast(5))) else {
                    throw KerfError(
                        .unsupported, at: path,
                        "the target module \(PlainText.quoted(module)) is no projection of a block")
                }
                targets.append(target)
            }
            guard (1...4096).contains(r), !targets.isEmpty, loraAlpha.isFinite, loraAlpha > 0 else {
                throw KerfError(
                    .unusableData, at: path,
                    "r \(r), lora_alpha \(loraAlpha) and \(targets.count) target modules: r must be 1 to 4096, "
                        + "lora_alpha above 0, and a target module named",
                    remedy: "give adapters of a LoRA without variants")
            }
            return LoRAConfiguration(rank: r, alpha: loraAlpha, targets: targets)
        }
    }
}
