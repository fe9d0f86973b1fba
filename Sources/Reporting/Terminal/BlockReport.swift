import FoundationEssentials
import Instrumentation
import ModelFiles
import ProfileFormat
import Profiling
import Quantities
import Statistics
import SystemIO
import TransformerKernels
import Workload

/// The result of `kerf bench layer`.
package struct BlockReport: Encodable {
    /// One pass, or both together.
    package struct Pass: Encodable {
        package var flops: Double
        package var seconds: Quantity
        package var flopsPerSecond: Double
        package var samplesSeconds: [Double]

        package init(flops: Double, samples: [Double]) {
            self.flops = flops
            samplesSeconds = samples
            let median = Estimate.median(of: samples)!
            seconds = Quantity(median, origin: .measured)
            flopsPerSecond = flops / median.value
        }
    }

    package struct Passes: Encodable {
        package var forward: Pass
        package var backward: Pass
        /// The sum of both passes, round by round.
        package var both: Pass

        package init(flops: (forward: Double, backward: Double), forward: [Double], backward: [Double]) {
            self.forward = Pass(flops: flops.forward, samples: forward)
            self.backward = Pass(flops: flops.backward, samples: backward)
            both = Pass(flops: flops.forward + flops.backward, samples: zip(forward, backward).map(+))
        }
    }

    /// The products of one engine.
    package struct EngineProducts: Encodable {
        package var engine: EngineIdentity
        package var passes: Passes
        /// The block's rate over that of these products.
        package var ratio: Double
    }

    package struct KernelRow: Encodable {
        package var kernel: String
        package var direction: Direction
        package var seconds: Double
        package var flopsPerSecond: Double
        package var bytesPerSecond: Double
    }

    package struct Memory: Encodable {
        package var weightBytes: Int
        package var adapterBytes: Int
        package var optimizerBytes: Int
        package var activationBytes: Int
        package var gradientBytes: Int
        package var scratchBytes: Int
        package var totalBytes: Int
        /// Growth of the process's resident memory, and its peak; `nil` when the bare products ran in the same process.
        package var residentBytes: Int?
        package var peakResidentBytes: Int?
    }

    package var model: String
    package var workload: WorkloadDescription
    package var engine: EngineIdentity
    package var rounds: Int
    /// Times and rates of the block. Operations are those of matrix products, attention and LoRA; norms, RoPE, SwiGLU
    /// and additions are not counted.
    package var block: Passes
    /// Matrix products of the seven projections alone, by the block's engine.
    package var bareProducts: Passes?
    /// The block's rate over the bare products'.
    package var ratio: Double?
    /// Those of all engines, the fastest first.
    package var engines: [EngineProducts]
    /// Median of what the multiply-add units sustain in registers.
    package var multiplierFlopsPerSecond: Double?
    /// Kernel times of instrumented passes, as medians.
    package var kernels: [KernelRow]
    package var memory: Memory

    package init(
        stack: LayerStack, products: [BareProducts], samples: LayerBenchmark.Samples, kernelSeconds: [KernelTime],
        resident: ResidentMemory?
    ) {
        let cost = LayerCost(stack)
        let layer = stack.layers.lowerBound
        func series(_ subject: LayerBenchmark.Subject) -> [Double] { samples[subject] ?? [] }
        model = stack.model.name
        workload = WorkloadDescription(stack)
        engine = stack.engine
        rounds = series(.block(.forward)).count
        block = Passes(
            flops: (
                cost.productFlops(layer: layer, direction: .forward),
                cost.productFlops(layer: layer, direction: .backward)
            ), forward: series(.block(.forward)), backward: series(.block(.backward)))
        engines = products.map { [block] in
            let passes = Passes(
                flops: ($0.flops, $0.flops), forward: series(.products($0.engine.name, .forward)),
                backward: series(.products($0.engine.name, .backward)))
            return EngineProducts(
                engine: $0.engine, passes: passes, ratio: block.both.flopsPerSecond / passes.both.flopsPerSecond)
        }
        bareProducts = engines.first?.passes
        ratio = engines.first?.ratio
        engines.sort { $0.ratio < $1.ratio }
        multiplierFlopsPerSecond = Estimate.median(of: series(.multipliers)).map { 2 * products[0].flops / $0.value }
        kernels = kernelSeconds.map {
            KernelRow(
                kernel: $0.kernel.rawValue, direction: $0.direction, seconds: $0.seconds,
                flopsPerSecond: cost.flops(layer: layer, kernel: $0.kernel, direction: $0.direction) / $0.seconds,
                bytesPerSecond: cost.bytes(
                    layer: layer, kernel: $0.kernel, direction: $0.direction, format: stack.format) / $0.seconds)
        }
        let use = stack.memory
        memory = Memory(
            weightBytes: use.weights, adapterBytes: use.adapters, optimizerBytes: use.optimizer,
            activationBytes: use.activations, gradientBytes: use.gradients, scratchBytes: use.scratch,
            totalBytes: use.total, residentBytes: resident?.bytes, peakResidentBytes: resident?.peakBytes)
    }

    package var text: String {
        var lines = [
            "One block of \(model), \(workload.dtype.rawValue), batch \(workload.batch), sequence \(workload.sequence), "
                + "LoRA rank \(workload.loraRank) on \(workload.loraTargetNames)"
                + (workload.activationCheckpointing == true ? ", activation checkpointing" : "")
                + (workload.weightFormatText.map { ", weights in \($0)" } ?? ""),
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
        for products in engines { append("products of \(products.engine.name)", products.passes) }
        if let multiplierFlopsPerSecond {
            passes.append([
                "multiply-add units", "-", "-", "-", NumberText.significant(multiplierFlopsPerSecond / 1e9),
            ])
        }
        lines += passes.lines + [""]
        if let fastest = engines.first, let multiplierFlopsPerSecond {
            let share = block.both.flopsPerSecond / multiplierFlopsPerSecond
            lines += [
                "the block runs at \(NumberText.percent(fastest.ratio)) of the rate of the fastest products, those of "
                    + "\(fastest.engine.name), and at \(NumberText.percent(share)) of that of the multiply-add units",
                "",
            ]
        }

        var table = TextTable([
            .init("kernel", .left), .init("direction", .left), .init("time"), .init("rate", unit: "GFLOP/s"),
            .init("traffic", unit: "GB/s"),
        ])
        for row in kernels {
            table.append([
                row.kernel, row.direction.rawValue, NumberText.si(row.seconds, "s"),
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
