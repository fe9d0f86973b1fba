import ModelFiles
import ProfileFormat
import Quantities
import Statistics
import Workload

/// A profile whose truth is planted: what a run on a box with these times and powers would have recorded.
package struct SyntheticProfile: Sendable {
    package var blocks = 4
    package var steps = 20
    /// Forward seconds of embedding, a block, the head; backward is `backwardFactor` times as long, the embedding's
    /// nothing.
    package var embeddingSeconds = 0.002
    package var blockSeconds = 0.010
    package var headSeconds = 0.025
    package var backwardFactor = 1.7
    /// Block `i` (from 1) takes `1 + slope * i` times as long.
    package var slope = 0.0
    /// Share of a step spent between layers.
    package var glue = 0.01
    /// Gross watts of any layer, forward and backward.
    package var forwardWatts = 30.0
    package var backwardWatts = 40.0
    package var idleWatts = 8.0
    /// Relative standard deviation of every time and power.
    package var noise = 0.01
    /// Relative standard deviation of what all layers of one instrumented step share.
    package var stepNoise = 0.0
    package var windows = 8
    package var origin = Origin.simulated
    package var reason: String?
    package var seed: UInt64 = 1
    package var cpuModel = "Planted CPU"
    package var ratedWatts: Double? = 65
    /// Lowest, running and highest frequency.
    package var hertz = (minimum: 1.0e9, running: 3.0e9, maximum: 3.0e9)
    package var settable = false
    package var hidden = 64

    package init() {}

    package func seconds(layer: Int, forward: Bool) -> Double {
        let once =
            layer == 0
            ? embeddingSeconds : layer > blocks ? headSeconds : blockSeconds * (1 + slope * Double(layer))
        return forward ? once : layer == 0 ? 0 : once * backwardFactor
    }

    /// Seconds of one step, glue included.
    package var stepSeconds: Double {
        let parts = (0...(blocks + 1)).flatMap {
            [seconds(layer: $0, forward: true), seconds(layer: $0, forward: false)]
        }
        return parts.reduce(0, +) / (1 - glue)
    }

    /// Gross watts of a whole step; glue draws what a backward pass draws.
    package var stepWatts: Double {
        let forward = (0...(blocks + 1)).reduce(0) { $0 + seconds(layer: $1, forward: true) }
        return (forward * forwardWatts + (stepSeconds - forward) * backwardWatts) / stepSeconds
    }

    package func make() -> Profile {
        var generator = SeededGenerator(seed: seed)
        let shared = stepNoise > 0 ? (0..<steps).map { _ in generator.factor(stepNoise) } : []
        return Profile(
            kerfVersion: "0.1.0", created: "2026-01-01T00:00:0\(seed % 10)Z", box: box,
            frequency: FrequencyDescription(
                minimumHertz: plain(hertz.minimum), maximumHertz: plain(hertz.maximum),
                runningHertz: plain(hertz.running), settable: settable),
            rated: RatedDescription(
                cores: 2,
                flopsPerCyclePerCore: Quantity(value: 32, origin: .modelled, reason: "AVX2 with two FMA units"),
                powerWatts: ratedWatts.map { plain($0) } ?? .unavailable("no power limit is stated")),
            meter: meter, model: model, workload: workload,
            settings: ProfileSettings(
                budgetSeconds: 60, targetRelativeHalfWidth: 0.02, confidence: 0.95, seed: 1, weightResidency: .resident
            ),
            layers: layers,
            steps: (0..<steps).map { _ in
                let seconds = stepSeconds * generator.factor(noise)
                return StepSample(seconds: seconds, cpuSeconds: 2 * seconds)
            },
            layerTimes: (0...(blocks + 1)).flatMap { layer in
                [true, false].map { times(layer: layer, forward: $0, shared, &generator) }
            },
            instrumentationOverheadPairs: [overheadPair],
            idleWindows: origin == .unavailable
                ? [] : (0..<windows).map { window(.idle, watts: idleWatts, start: 10 * Double($0), &generator) },
            energyWindows: origin == .unavailable ? [] : energyWindows(&generator),
            rejections: [Rejection(reason: "steal time", count: 2)],
            overhead: InstrumentationOverhead(secondsPerSpan: 1e-7, spansPerStep: 200, secondsPerMeterRead: 2e-6))
    }

    private func plain(_ value: Double) -> Quantity { Quantity(value: value, count: 1, origin: .measured) }

    private var box: BoxIdentity {
        BoxIdentity(
            architecture: "x86_64", cpuModel: cpuModel, cpuVendor: "GenuineIntel", microcode: "0xf0", sockets: 1,
            cores: 2, threads: 2, memoryBytes: 8 << 30, kernelRelease: "6.1.0", hypervisor: nil,
            governor: "performance",
            instructionSet: "avx2", pciDevices: ["8086:1237 bridge"],
            engine: EngineIdentity(name: "onednn", version: "2.6.3", instructionSet: "avx2"), kerfBuild: "0.1.0 debug",
            virtualBoard: origin == .simulated ? "planted" : nil)
    }

    private var meter: MeterDescription {
        guard origin != .unavailable else {
            let reason = reason ?? "powercap is absent; load intel_rapl_common"
            return MeterDescription(
                name: nil, origin: origin, domains: [], totalOf: [], updateIntervalSeconds: .unavailable(reason),
                reason: reason)
        }
        return MeterDescription(
            name: "powercap", origin: origin,
            domains: [
                EnergyDomain(
                    identifier: "package-0", name: "package-0", role: .counted, wrapRangeMicrojoules: 262_143_328_850),
                EnergyDomain(identifier: "package-0/core", name: "core", parent: "package-0", role: .nested),
                EnergyDomain(identifier: "package-0/dramSide", name: "dram", parent: "package-0", role: .counted),
                EnergyDomain(identifier: "psys", name: "psys", role: .platform),
                EnergyDomain(identifier: "package-1", name: "package-1", role: .mirror(of: "package-0")),
                EnergyDomain(identifier: "package-2", name: "package-2", role: .unreadable("no permission")),
            ],
            totalOf: ["package-0", "package-0/dramSide"],
            updateIntervalSeconds: Quantity(value: 1e-3, count: 50, origin: origin))
    }

    private var model: ModelDescription {
        ModelDescription(
            name: "planted-\(blocks)", hiddenSize: hidden, blockCount: blocks, headCount: 4, keyValueHeadCount: 2,
            headSize: hidden / 4, intermediateSize: 2 * hidden, vocabularySize: 1000, tiedEmbeddings: true,
            weightsKind: .random, weightsOrigin: "seed 1")
    }

    private var workload: WorkloadDescription {
        WorkloadDescription(
            batch: 2, sequence: 128, loraRank: 8, loraAlpha: 16, loraTargets: [.q, .v], dtype: .f32, threads: 2)
    }

    private var layers: [LayerDescription] {
        (0...(blocks + 1)).map { index in
            let kind: LayerDescription.Kind = index == 0 ? .embedding : index > blocks ? .head : .block
            return LayerDescription(
                index: index, kind: kind, parameterCount: 100_000, adapterBytes: kind == .block ? 16_384 : 0,
                forwardFlops: kind == .embedding ? 0 : 2e8, backwardFlops: kind == .embedding ? 0 : 3e8,
                outputBytes: kind == .head ? 0 : 2 * 128 * hidden * 4)
        }
    }

    /// Instruments that cost a microsecond a pass.
    private var overheadPair: InstrumentationOverheadPair {
        let passes =
            (0...(blocks + 1)).map { seconds(layer: $0, forward: true) }
            + (1...(blocks + 1)).reversed().map { seconds(layer: $0, forward: false) }
        return InstrumentationOverheadPair(
            instrumentedSeconds: passes.map { $0 + 1e-6 }, plainSeconds: passes, samplingSeconds: 2e-6)
    }

    /// - Parameter shared: a factor for each step; none for steps that are alike.
    private func times(
        layer: Int, forward: Bool, _ shared: [Double], _ generator: inout SeededGenerator
    ) -> LayerTimes {
        let truth = seconds(layer: layer, forward: forward)
        let samples = (0..<steps).map { truth * generator.factor(noise) * (shared.isEmpty ? 1 : shared[$0]) }
        return LayerTimes(
            layer: layer, direction: forward ? .forward : .backward, seconds: samples,
            kernels: layer == 0
                ? [:] : ["qkv_proj": samples.map { $0 * 0.4 }, "gateUp_proj": samples.map { $0 * 0.5 }])
    }

    private func energyWindows(_ generator: inout SeededGenerator) -> [EnergyWindow] {
        var windows: [EnergyWindow] = []
        for repetition in 0..<self.windows {
            let start = 10 * Double(repetition)
            windows.append(window(.step, watts: stepWatts, start: start, &generator))
            for layer in 0...(blocks + 1) {
                for forward in [true, false] where layer > 0 || forward {
                    var looped = window(.layer, watts: forward ? forwardWatts : backwardWatts, start: start, &generator)
                    looped.layer = layer
                    looped.direction = forward ? .forward : .backward
                    windows.append(looped)
                }
            }
        }
        return windows
    }

    private func window(
        _ subject: EnergyWindow.Subject, watts: Double, start: Double, _ generator: inout SeededGenerator
    ) -> EnergyWindow {
        let seconds = 0.2 * generator.factor(noise)
        let joules = watts * seconds * generator.factor(noise)
        return EnergyWindow(
            subject: subject, iterations: subject == .idle ? 0 : 10, seconds: seconds, cpuSeconds: 2 * seconds,
            // The counted domains share the total; what is inside or above them must not be added to it.
            joules: [
                "package-0": joules * 0.9, "package-0/dramSide": joules * 0.1, "package-0/core": joules * 0.7,
                "psys": joules * 1.5,
            ],
            startSeconds: start)
    }
}

extension SeededGenerator {
    /// About 1, normally distributed with the standard deviation `noise`.
    fileprivate mutating func factor(_ noise: Double) -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += Double(next() >> 11) * 0x1p-53 }
        return 1 + noise * sum
    }
}
