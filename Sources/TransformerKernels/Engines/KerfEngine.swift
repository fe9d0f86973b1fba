import CKernels
import ModelFiles
import ProfileFormat
import SystemIO
import Workload

/// Kerf's own products. A weight is in memory once, in panels that both directions read. A quantized one is unpacked a few
/// panels at a time.
///
/// bf16 needs no instructions of its own: it is converted to f32 a few panels at a time. Where the processor multiplies
/// pairs of bf16 faster than f32, or has tiles of them (AMX), they are multiplied as they are.
package struct KerfEngine: MatrixEngine {
    /// One of the processor's instruction sets.
    struct InstructionSet: Sendable, Hashable {
        let index: Int32
        let name: String
        /// Whether it multiplies pairs of bf16.
        let hasPairs: Bool

        /// FLOP/s in registers, of f32 or of pairs; 0 for pairs without such instructions.
        func flopsPerSecond(pairs: Bool, threadCount: Int, seconds: Double) -> Double {
            kerf_multiplier_rate(Int32(threadCount), index, pairs, seconds)
        }
    }

    /// Those of this processor, the plainest first.
    static let instructionSets = (0..<kerf_instruction_set_count()).map {
        InstructionSet(
            index: $0, name: String(cString: kerf_instruction_set_name($0)),
            hasPairs: kerf_instruction_set_has_pairs($0))
    }

    /// The last one, but one without pairs where these are not faster.
    ///
    /// Measured once, since the name of an instruction set does not tell: some processors take twice as long for a pair
    /// as for two f32. The best of many short times counts: a disturbance must not change the bits of a run.
    static let fastest: InstructionSet = {
        let last = instructionSets[instructionSets.count - 1]
        guard last.hasPairs else { return last }
        var (pairs, converted) = (0.0, 0.0)
        for _ in 0..<20 {
            pairs = max(pairs, last.flopsPerSecond(pairs: true, threadCount: 1, seconds: 0.0002))
            converted = max(converted, last.flopsPerSecond(pairs: false, threadCount: 1, seconds: 0.0002))
        }
        return pairs > 1.2 * converted ? last : instructionSets.last { !$0.hasPairs } ?? last
    }()

    package let identity: EngineIdentity
    package let threadCount: Int
    package var layout: WeightLayout { .panels }
    private let instructionSet: InstructionSet

    package init(threadCount: Int) {
        self.init(threadCount: threadCount, instructionSet: Self.fastest)
    }

    /// - Parameter instructionSet: one of ``instructionSets``.
    init(threadCount: Int, instructionSet: InstructionSet) {
        identity = EngineIdentity(
            name: "kerf", version: KerfVersion.current, instructionSet: instructionSet.name)
        self.threadCount = threadCount
        self.instructionSet = instructionSet
    }

    package func check(_ format: NumberFormat) {}

    package func product(_ shape: ProductShape) throws -> any MatrixProduct {
        precondition(shape.layout == .panels)
        return KerfProduct(shape, threadCount: threadCount, instructionSet: instructionSet.index)
    }
}

private final class KerfProduct: PanelProduct {
    private let threads: Int32
    private var description: kerf_frozen_product

    init(_ shape: ProductShape, threadCount: Int, instructionSet: Int32) {
        threads = Int32(threadCount)
        description = kerf_frozen_product(
            rows: shape.rows, outputs: shape.outputSize, inputs: shape.inputSize, forward: shape.direction == .forward,
            source: shape.source.kernel, destination: shape.destination.kernel,
            weight: kerf_weight_format(shape.quantization, else: shape.source), instruction_set: instructionSet)
    }

    var weightByteCount: Int { kerf_frozen_weight_bytes(description.outputs, description.inputs, description.weight) }
    var scratchByteCount: Int { kerf_frozen_scratch_bytes(threads, &description) }

    func pack(_ weight: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) {
        pack(rows: 0..<description.outputs, weight, into: packed)
    }

    func pack(rows: Range<Int>, _ values: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) {
        kerf_frozen_pack(
            threads, description.outputs, description.inputs, description.weight, rows.lowerBound, rows.count, values,
            packed)
    }

    func pack(rows: Range<Int>, blocks: UnsafeRawPointer, into packed: UnsafeMutableRawPointer) {
        kerf_frozen_pack_blocks(
            threads, description.outputs, description.inputs, description.weight, rows.lowerBound, rows.count, blocks,
            packed)
    }

    func run(
        _ x: UnsafeRawPointer, weight: UnsafeRawPointer, addedTo base: UnsafeRawPointer?,
        into y: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
    ) {
        kerf_frozen_run(threads, &description, x, weight, base, y, scratch)
    }
}

extension kerf_weight_format {
    /// The C kernels' constant for a weight.
    ///
    /// - Parameter plain: its format where it is not quantized.
    init(_ quantization: QuantizedFormat?, else plain: NumberFormat) {
        self =
            switch quantization {
            case nil: plain == .bf16 ? KERF_WEIGHT_BF16 : KERF_WEIGHT_F32
            case .int8: KERF_WEIGHT_INT8
            case .q80: KERF_WEIGHT_Q8_0
            case .q40: KERF_WEIGHT_Q4_0
            case .q41: KERF_WEIGHT_Q4_1
            case .q4K: KERF_WEIGHT_Q4_K
            case .q6K: KERF_WEIGHT_Q6_K
            }
    }
}
