import ModelFiles

/// Whole tensors of SmolLM2-135M-Instruct, Q4_1, as the Python package gguf 0.19.0 decodes them, with the rows of
/// q and k in Hugging Face's order. Written by Reference/make_golden.py.
struct GoldenTensor {
    var role: TensorRole
    var sum: Double
    var absoluteSum: Double
    /// Sum of element i times (i mod 1009), which a change of order changes.
    var weightedSum: Double
    /// Bit patterns of single elements, by index.
    var elements: [Int: UInt32]

    static let smolLM2: [GoldenTensor] = [
        GoldenTensor(
            role: .embedding, sum: -15353.04449415207,
            absoluteSum: 2802153.619805813, weightedSum: -7804811.753322601,
            elements: [0: 0xBDDA3400, 1: 0x3D071400, 9437184: 0x3D918C00, 14155781: 0xBE768E00, 28311551: 0xBD2AD000]),
        GoldenTensor(
            role: .attentionNorm(block: 3), sum: 166.85116577148438,
            absoluteSum: 166.85116577148438, weightedSum: 47791.91323852539,
            elements: [0: 0x3E0D0000, 1: 0x3EA00000, 192: 0x3EBA0000, 293: 0x3E3D0000, 575: 0x3EC70000]),
        GoldenTensor(
            role: .mlpNorm(block: 17), sum: 120.9598159790039,
            absoluteSum: 120.9601058959961, weightedSum: 34902.65843963623,
            elements: [0: 0x3D9E0000, 1: 0x3E8B0000, 192: 0x3E8B0000, 293: 0x3DCE0000, 575: 0x3E890000]),
        GoldenTensor(
            role: .projection(.q, block: 0), sum: 59.22322082519531,
            absoluteSum: 63395.39872741699, weightedSum: 31941.975143432617,
            elements: [0: 0xBDC54000, 1: 0x3E212000, 110592: 0xBEF0A800, 165893: 0xBF366800, 331775: 0xBE830000]),
        GoldenTensor(
            role: .projection(.k, block: 29), sum: 87.89241790771484,
            absoluteSum: 11157.1625289917, weightedSum: 42832.04042816162,
            elements: [0: 0x3D7FA000, 1: 0x3B8E0000, 36864: 0x3D27B000, 55301: 0x3E5F1400, 110591: 0x3DA7D000]),
        GoldenTensor(
            role: .projection(.v, block: 7), sum: 61.694580078125,
            absoluteSum: 14284.74038696289, weightedSum: 55405.38607788086,
            elements: [0: 0x3CA0C000, 1: 0xBD853000, 36864: 0x3CDE0000, 55301: 0xBEF29800, 110591: 0xBCFA0000]),
        GoldenTensor(
            role: .projection(.o, block: 12), sum: -72.34426879882812,
            absoluteSum: 41236.68835449219, weightedSum: 5803.053894042969,
            elements: [0: 0x3E0C4400, 1: 0x3D512000, 110592: 0x3E78E800, 165893: 0x3E24F000, 331775: 0xBC5C0000]),
        GoldenTensor(
            role: .projection(.gate, block: 20), sum: -128.04324340820312,
            absoluteSum: 123349.76495361328, weightedSum: -48472.109550476074,
            elements: [0: 0x3E68E800, 1: 0x3BD90000, 294912: 0x3CD9C000, 442373: 0x3E046000, 884735: 0x3E77D000]),
        GoldenTensor(
            role: .projection(.up, block: 1), sum: 35.037811279296875,
            absoluteSum: 126959.96957397461, weightedSum: -63853.43798828125,
            elements: [0: 0x3E889000, 1: 0xBDECC000, 294912: 0xBD4EC000, 442373: 0xBE313000, 884735: 0xBDC0C000]),
        GoldenTensor(
            role: .projection(.down, block: 29), sum: 49.83570861816406,
            absoluteSum: 126250.91435241699, weightedSum: -61606.118728637695,
            elements: [0: 0xBE8BF000, 1: 0x3E3EC000, 294912: 0x3E6C4000, 442373: 0xBC7E0000, 884735: 0x3D680000]),
        GoldenTensor(
            role: .finalNorm, sum: 1038.33203125,
            absoluteSum: 1045.09765625, weightedSum: 298738.12109375,
            elements: [0: 0x3FE10000, 1: 0x3FE90000, 192: 0x3FDC0000, 293: 0x3FD30000, 575: 0x3FFE0000]),
    ]
}
