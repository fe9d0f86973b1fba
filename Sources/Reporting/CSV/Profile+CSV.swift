import ProfileFormat
import Quantities
import Workload

extension Profile {
    /// The tables of the raw samples. The profile is validated.
    var csvTables: [CSVTable] {
        let (own, visits) = (ownPlace, visits)
        return [
            Self.stepTable("steps", own, origin: .measured), instrumentedStepTable,
            Self.layerTimeTable("layer_times", own, origin: .measured), kernelTimeTable,
            Self.windowTable(
                "energy_windows", "an energy domain in a window of repeated work", own, meter: meter
            ) { $0.energyWindows },
            Self.windowTable("idle_windows", "an energy domain in a window of the idle box", own, meter: meter) {
                $0.idleWindows
            },
            stepTraceTable, meter.domainTable, conditionTable, overheadTable, overheadPassTable, layers.layerTable,
            layers.kernelTable, disturbanceTable, rejectedIntervalTable, processTable, rejectionTable, visitTable,
            Self.stepTable("sweep_steps", visits, origin: timeOriginOfSweep),
            Self.layerTimeTable("sweep_layer_times", visits, origin: timeOriginOfSweep),
            Self.windowTable(
                "sweep_energy_windows", "an energy domain in a window of steps at a frequency", visits, meter: meter
            ) { $0.energyWindows },
            Self.windowTable(
                "sweep_idle_windows", "an energy domain in a window of the idle box at a frequency", visits,
                meter: meter
            ) { $0.idleWindows },
            achievedTable, (frequencySweep?.groups ?? []).coreTable,
        ]
    }

    /// Without the lists that have tables, of which none is a list of plain values.
    var withoutSamples: Profile {
        var profile = self
        (profile.steps, profile.layerTimes, profile.instrumentedSteps) = ([], [], nil)
        (profile.instrumentationOverheadPairs, profile.stepTraces) = (nil, nil)
        (profile.idleWindows, profile.energyWindows, profile.layers) = ([], [], [])
        profile.frequencySweep?.visits = []
        profile.conditions = nil
        return profile
    }

    private var conditionTable: CSVTable {
        var columns = CSVColumns<Int>()
        let series = conditions ?? ConditionSeries(seconds: [])
        columns.add("seconds", "End of the entry's time, since the start of the run") { series.seconds[$0] }
        columns.add("other_processors", "Processors that other processes used") { series.otherProcessors?[$0] }
        columns.add("steal_processors", "Processors that the hypervisor took away") { series.stealProcessors?[$0] }
        columns.add("quota_ratio", "Time for which a quota stopped the run, over the time") { series.quotaRatio?[$0] }
        columns.add("waiting_threads", "Threads of the run that had no processor, on average") {
            series.waitingThreads?[$0]
        }
        columns.add("throttle_count", "Thermal throttling events") { series.throttleCount?[$0] }
        columns.add("hertz", "The frequency of the fastest policy at the end") { series.hertz?[$0] }
        columns.add("celsius", "Temperature of the processor at the end") { series.celsius?[$0] }
        columns.add("reference_seconds", "Time of a fixed piece of arithmetic, where no frequency is reported") {
            series.referenceSeconds?[$0]
        }
        columns.add("hertz_origin", "How the frequency was obtained") { _ in frequency.runningHertz.origin }
        return columns.table("conditions", "the box since the row before", of: series.seconds.indices)
    }

    private var overheadTable: CSVTable {
        var columns = CSVColumns<(offset: Int, element: InstrumentationOverheadPair)>()
        columns.add("pair", "Number of the pair of steps, from 0") { $0.offset }
        columns.add("instrumented_seconds", "Passes where instruments were on, summed") {
            $0.element.instrumentedSeconds.reduce(0, +)
        }
        columns.add("plain_seconds", "The same passes where they were off, summed") {
            $0.element.plainSeconds.reduce(0, +)
        }
        columns.add("sampling_seconds", "Time between passes where the meter was read, less that where it was not") {
            $0.element.samplingSeconds
        }
        columns.addOrigin(.measured)
        return columns.table(
            "overhead_pairs", "two interleaved steps, with instruments on and off at random",
            of: (instrumentationOverheadPairs ?? []).enumerated())
    }

    private var overheadPassTable: CSVTable {
        typealias Row = (number: Int, place: Int, pass: LayerPass?, pair: InstrumentationOverheadPair)
        let order = LayerPass.inStepOrder(of: layers)
        var columns = CSVColumns<Row>()
        columns.add("pair", "Number of the pair of steps, from 0") { $0.number }
        columns.add("place", "Place of the pass in the step, from 0") { $0.place }
        columns.addPass(layers) { $0.pass }
        columns.add("instrumented_seconds", "In the step in which instruments were on for the pass") {
            $0.pair.instrumentedSeconds[$0.place]
        }
        columns.add("plain_seconds", "In the step in which they were off") { $0.pair.plainSeconds[$0.place] }
        columns.addOrigin(.measured)
        var rows: [Row] = []
        for (number, pair) in (instrumentationOverheadPairs ?? []).enumerated() {
            // A program's steps are compared as wholes.
            let isWhole = pair.plainSeconds.count != order.count
            for place in 0..<min(pair.plainSeconds.count, pair.instrumentedSeconds.count) {
                rows.append((number, place, isWhole ? nil : order[place], pair))
            }
        }
        return columns.table(
            "overhead_passes", "a pass of two interleaved steps; a whole step of a program", of: rows)
    }

    private var disturbanceTable: CSVTable {
        var columns = CSVColumns<DisturbanceCause>()
        columns.add("cause", "What disturbed steps and windows") { $0.cause }
        columns.add("count", "How many were rejected for it") { $0.count }
        columns.add("seconds", "Their length, summed") { $0.seconds }
        columns.add("other_processors", "Processors that other processes used in them") { $0.otherProcessors }
        columns.add("steal_processors", "Processors that the hypervisor took in them") { $0.stealProcessors }
        return columns.table("disturbances", "a cause of rejections", of: disturbances?.causes ?? [])
    }

    private var rejectedIntervalTable: CSVTable {
        var columns = CSVColumns<RejectedInterval>()
        columns.add("start_seconds", "Since the start of the run") { $0.startSeconds }
        columns.add("seconds", "Length of the step or window, or of steps that were taken together") { $0.seconds }
        columns.add("cause", "What disturbed it") { $0.cause }
        return columns.table(
            "rejected_intervals", "a step or window that was rejected, or steps that were taken together",
            of: disturbances?.rejectedIntervals ?? [])
    }

    private var processTable: CSVTable {
        var columns = CSVColumns<OtherProcess>()
        columns.add("command", "The program and its first arguments") { $0.command }
        columns.add("processors", "Processors that it used while it was busy, on average") { $0.processors }
        columns.add("cpu_seconds", "Processor time that it used during the run") { $0.cpuSeconds }
        return columns.table("processes", "another process that used the processors", of: disturbances?.processes ?? [])
    }

    private var rejectionTable: CSVTable {
        typealias Row = (visit: Int?, rejection: Rejection)
        var columns = CSVColumns<Row>()
        columns.add("visit", "Number of the visit to a frequency; empty for the profile itself") { $0.visit }
        columns.add("reason", "Why steps or windows were rejected") { $0.rejection.reason }
        columns.add("count", "How many") { $0.rejection.count }
        var rows: [Row] = rejections.map { (nil, $0) }
        for (number, visit) in (frequencySweep?.visits ?? []).enumerated() {
            for rejection in visit.rejections { rows.append((number, rejection)) }
        }
        return columns.table("rejections", "a reason for rejections", of: rows)
    }

    private var visitTable: CSVTable {
        typealias Row = (number: Int, visit: FrequencyVisit, policy: (name: String, hertz: Double)?)
        var columns = CSVColumns<Row>()
        columns.addVisit(true) { ($0.number, $0.visit) }
        columns.add("policy", "Frequency policy of the kernel") { $0.policy?.name }
        columns.add("policy_hertz", "The frequency that was set on it") { $0.policy?.hertz }
        columns.add("meter_failure", "Why the visit has no windows") { $0.visit.meterFailure }
        columns.add("start_seconds", "Start of the visit, since the start of the run") { $0.visit.startSeconds }
        var rows: [Row] = []
        for (number, visit) in (frequencySweep?.visits ?? []).enumerated() {
            let policies = visit.policyHertz.sorted { $0.key < $1.key }
            for policy in policies { rows.append((number, visit, (policy.key, policy.value))) }
            if policies.isEmpty { rows.append((number, visit, nil)) }
        }
        return columns.table("sweep_visits", "a frequency policy in a visit to a frequency", of: rows)
    }

    private var achievedTable: CSVTable {
        typealias Row = (number: Int, visit: FrequencyVisit, hertz: Double)
        var columns = CSVColumns<Row>()
        columns.addVisit(true) { ($0.number, $0.visit) }
        columns.add("hertz", "The highest frequency of the policies that were set") { $0.hertz }
        columns.add("origin", "How it was obtained") { _ in frequency.maximumHertz.origin }
        var rows: [Row] = []
        for (number, visit) in (frequencySweep?.visits ?? []).enumerated() {
            for hertz in visit.achievedHertz { rows.append((number, visit, hertz)) }
        }
        return columns.table(
            "sweep_frequencies", "the frequency at the end of a step or window of a visit", of: rows)
    }
}

extension [LayerDescription] {
    fileprivate var layerTable: CSVTable {
        var columns = CSVColumns<LayerDescription>()
        columns.add("layer", "0 the embedding, 1 to L the blocks, L + 1 the head") { $0.index }
        columns.add("kind", "embedding, block or head") { $0.kind }
        columns.addSizes { $0 }
        columns.add("origin", "How the sizes were obtained: from the shapes") { _ in Origin.modelled }
        return columns.table("layers", "a layer", of: self)
    }

    /// Operations and bytes of the kernels.
    var kernelTable: CSVTable {
        typealias Row = (layer: LayerDescription, cost: KernelCost)
        var columns = CSVColumns<Row>()
        columns.addPass(self) { LayerPass(layer: $0.layer.index, direction: $0.cost.direction) }
        columns.add("kernel", "A timed part of the layer, such as attention") { $0.cost.kernel }
        columns.add("flops", "Floating-point operations; a multiply and an add are two") { $0.cost.flops }
        columns.add("bytes", "Bytes between memory and processor, each operand once") { $0.cost.bytes }
        columns.add("origin", "How they were obtained: from the shapes") { _ in Origin.modelled }
        var rows: [Row] = []
        for layer in self {
            for cost in layer.kernels ?? [] { rows.append((layer, cost)) }
        }
        return columns.table("kernel_costs", "a kernel of a pass", of: rows)
    }
}

extension CSVColumns {
    /// What a layer is and needs, from its shapes.
    mutating func addSizes(_ layer: @escaping (Row) -> LayerDescription) {
        add("parameter_count", "Parameters, frozen and trainable") { layer($0).parameterCount }
        add("adapter_bytes", "Trainable parameters as they are sent over the link") { layer($0).adapterBytes }
        add("output_bytes", "Activations that leave the layer: the smashed data of a cut behind it") {
            layer($0).outputBytes
        }
        add("forward_flops", "Floating-point operations of a forward pass") { layer($0).forwardFlops }
        add("backward_flops", "Floating-point operations of a backward pass") { layer($0).backwardFlops }
        add("weight_bytes", "Memory of the frozen weights") { layer($0).memory?.weightBytes }
        add("memory_adapter_bytes", "Memory of LoRA pairs and their gradients") { layer($0).memory?.adapterBytes }
        add("optimizer_bytes", "Memory of AdamW's moments") { layer($0).memory?.optimizerBytes }
        add("activation_bytes", "Memory of activations that are kept for the backward pass") {
            layer($0).memory?.activationBytes
        }
        add("scratch_bytes", "Memory that is released after the layer's pass") { layer($0).memory?.scratchBytes }
    }
}
