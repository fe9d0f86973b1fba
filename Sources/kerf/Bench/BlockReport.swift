import Calibration
import FoundationEssentials
import ModelFiles
import Profiling
import Reporting
import Statistics
import TransformerKernels

/// What `kerf bench layer` found.
struct BlockReport: Encodable {
    /// One pass, or both together.
    struct Pass: Encodable {
        var flops: Double
        var seconds: Quantity
        var flopsPerSecond: Double
        var samplesSeconds: [Double]

        init(flops: Double, samples: [Double]) {
            self.flops = flops
            samplesSeconds = samples
            let median = Estimate.median(of: samples)!
            seconds = Quantity(median, origin: .measured)
            flopsPerSecond = flops / median.value
        }
    }

    struct Passes: Encodable {
        var forward: Pass
        var backward: Pass
        /// Of every round's sum.
        var both: Pass

        init(flops: (forward: Double, backward: Double), forward: [Double], backward: [Double]) {
            self.forward = Pass(flops: flops.forward, samples: forward)
            self.backward = Pass(flops: flops.backward, samples: backward)
            both = Pass(flops: flops.forward + flops.backward, samples: zip(forward, backward).map(+))
        }
    }

    struct KernelRow: Encodable {
        var kernel: String
        var direction: String
        var seconds: Double
        var flopsPerSecond: Double
        var bytesPerSecond: Double
    }

    struct Memory: Encodable {
        var weightBytes: Int
        var adapterBytes: Int
        var optimiserBytes: Int
        var activationBytes: Int
        var gradientBytes: Int
        var scratchBytes: Int
        var totalBytes: Int
        /// What the process's resident memory grew by, and its highest; not with the bare products beside the block.
        var residentBytes: Int?
        var peakResidentBytes: Int?
    }

    var model: String
    var workload: WorkloadDescription
    var engine: TransformerKernels.EngineIdentity
    var rounds: Int
    /// Products, attention and LoRA; what norms, RoPE, SwiGLU and additions compute is not counted.
    var block: Passes
    /// The products of the seven projections alone.
    var bareProducts: Passes?
    /// The block's rate over the bare products'.
    var ratio: Double?
    /// Of one instrumented pass, the median over some.
    var kernels: [KernelRow]
    var memory: Memory

    init(
        stack: LayerStack, bareFlops: Double?, samples: LayerBenchmark.Samples, kernelSeconds: [KernelTime],
        resident: ResidentMemory?
    ) {
        let cost = LayerCost(model: stack.model, lora: stack.lora, batch: stack.batch)
        let layer = stack.layers.lowerBound
        func series(_ subject: LayerBenchmark.Subject) -> [Double] { samples[subject] ?? [] }
        model = stack.model.name
        workload = WorkloadDescription(stack)
        engine = stack.engine
        rounds = series(.blockForward).count
        block = Passes(
            flops: (
                cost.productFlops(layer: layer, direction: .forward),
                cost.productFlops(layer: layer, direction: .backward)
            ), forward: series(.blockForward), backward: series(.blockBackward))
        bareProducts = bareFlops.map {
            Passes(flops: ($0, $0), forward: series(.bareForward), backward: series(.bareBackward))
        }
        ratio = bareProducts.map { [block] in block.both.flopsPerSecond / $0.both.flopsPerSecond }
        kernels = kernelSeconds.map {
            KernelRow(
                kernel: $0.kernel.rawValue, direction: $0.direction.rawValue, seconds: $0.seconds,
                flopsPerSecond: cost.flops(layer: layer, kernel: $0.kernel, direction: $0.direction) / $0.seconds,
                bytesPerSecond: cost.bytes(
                    layer: layer, kernel: $0.kernel, direction: $0.direction, format: stack.format) / $0.seconds)
        }
        let use = stack.memory
        memory = Memory(
            weightBytes: use.weights, adapterBytes: use.adapters, optimiserBytes: use.optimiser,
            activationBytes: use.activations, gradientBytes: use.gradients, scratchBytes: use.scratch,
            totalBytes: use.total, residentBytes: resident?.bytes, peakResidentBytes: resident?.peakBytes)
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var text: String {
        var lines = [
            "One block of \(model), \(workload.dtype), batch \(workload.batch), sequence \(workload.sequence), "
                + "LoRA rank \(workload.loraRank) on \(workload.loraTargets.joined(separator: ","))",
            "\(engine.name) \(engine.version) (\(engine.instructionSet)), \(workload.threads) threads, "
                + "median of \(rounds) rounds", "",
        ]
        var passes = TextTable([
            .init("", .left), .init("forward"), .init("backward"), .init("both"), .init("rate", unit: "GFLOP/s"),
        ])
        func append(_ name: String, _ p: Passes) {
            passes.append([
                name, NumberText.si(p.forward.seconds, "s"), NumberText.si(p.backward.seconds, "s"),
                NumberText.si(p.both.seconds, "s"), NumberText.significant(p.both.flopsPerSecond / 1e9),
            ])
        }
        append("block", block)
        if let bareProducts { append("bare products", bareProducts) }
        lines += passes.lines + [""]
        if let ratio { lines += ["the block runs at \(NumberText.percent(ratio)) of the bare products' rate", ""] }

        var table = TextTable([
            .init("kernel", .left), .init("direction", .left), .init("time"), .init("rate", unit: "GFLOP/s"),
            .init("traffic", unit: "GB/s"),
        ])
        for row in kernels {
            table.append([
                row.kernel, row.direction, NumberText.si(row.seconds, "s"),
                row.flopsPerSecond > 0 ? NumberText.significant(row.flopsPerSecond / 1e9) : "-",
                NumberText.significant(row.bytesPerSecond / 1e9),
            ])
        }
        lines += table.lines + [""]
        lines.append(
            "memory: \(NumberText.si(Double(memory.totalBytes), "B")) by account"
                + (memory.residentBytes.map { ", \(NumberText.si(Double($0), "B")) resident" } ?? ""))
        return lines.map { $0 + "\n" }.joined()
    }
}
