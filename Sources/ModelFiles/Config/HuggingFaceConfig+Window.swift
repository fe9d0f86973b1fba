import SystemIO

extension HuggingFaceConfig {
    private static let kinds = ["full_attention", "sliding_attention"]

    /// The window, and the layers that do without, as the family's own configuration class finds them.
    static func window(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, file: String
    ) throws(KerfError) -> AttentionWindow? {
        let size = fields.statesSlidingWindow ? fields.slidingWindow : defaults.slidingWindow
        if let other = fields.layerTypes?.first(where: { !kinds.contains($0) }) {
            throw KerfError(
                .unsupported, at: file, "layer_types holds \(quoted(other))",
                remedy: .text("Kerf supports \(kinds.joined(separator: " and "))"))
        }
        if let types = fields.layerTypes, types.count != fields.blockCount {
            throw KerfError(
                .malformed, at: file,
                "layer_types has \(types.count) entries, but num_hidden_layers is \(fields.blockCount)"
            )
        }
        switch defaults.windowRule {
        case .never:
            guard let size else { return try windowOf(nil, fields, file: file) { _ in false } }
            throw KerfError(
                .unsupported, at: file, "sliding_window is \(size)",
                remedy: .text(
                    "\(defaults.type) has none; if the model attends to all tokens, state \"sliding_window\": null"))
        case .allBlocks:
            // These families do not read layer_types; a list that says otherwise is another model's.
            if let other = fields.layerTypes?.first(where: { $0 != kinds[size == nil ? 0 : 1] }) {
                throw KerfError(
                    .unsupported, at: file, "layer_types holds \(quoted(other))",
                    remedy: .text("blocks of \(defaults.type) are all alike, with sliding_window or without"))
            }
            return size.map { AttentionWindow(size: $0) }
        case .whereUsed(let firstLayer):
            let first = fields.firstWindowLayer ?? firstLayer
            return try windowOf(fields.usesSlidingWindow == true ? size : nil, fields, file: file) { $0 >= first }
        case .periodic(let period):
            let period = fields.windowPeriod ?? period
            guard period >= 1 else {
                throw KerfError(
                    .impossibleShape, at: file, "sliding_window_pattern is \(period); it must be at least 1")
            }
            return try windowOf(size, fields, file: file) { ($0 + 1) % period != 0 }
        }
    }

    /// - Parameter isWindowed: whether a block, from 0, has the window where there is no list.
    private static func windowOf(
        _ size: Int?, _ fields: HuggingFaceFields, file: String, isWindowed: (Int) -> Bool
    ) throws(KerfError) -> AttentionWindow? {
        // Sizes are checked later: a hostile number of blocks makes no list here.
        let blocks = 0..<max(0, min(fields.blockCount, 4096))
        let windowed = blocks.filter { block in
            fields.layerTypes.map { $0[block] == kinds[1] } ?? isWindowed(block)
        }
        guard let size else {
            guard fields.layerTypes == nil || windowed.isEmpty else {
                throw KerfError(
                    .unsupported, at: file, "layer_types holds \(quoted(kinds[1])), but there is no sliding_window",
                    remedy: "state sliding_window, and in Qwen use_sliding_window")
            }
            return nil
        }
        guard !windowed.isEmpty else { return nil }
        let full = Set(blocks).subtracting(windowed)
        return AttentionWindow(size: size, fullLayers: full.map { $0 + 1 }.sorted())
    }
}
