import ProfileFormat
import SystemIO
import Workload

/// Taking whole steps, with and without instruments.
extension Experiment {
    /// A step that is thrown away: page faults, first touch, clocks going up. It leaves the passes' durations, by which
    /// the run is planned.
    func warmUp() throws {
        var recorder = StepRecorder(step, clock: clock, meter: nil, start: start)
        try recorder.take(checkpoint: checkpoint)
        for (place, seconds) in (recorder.steps(pair: 0).first?.seconds ?? []).enumerated() {
            plannedPassSeconds[place] = min(plannedPassSeconds[place], max(1e-7, seconds))
        }
    }

    /// A burst of steps with instruments and one without, right after each other. Which comes first alternates, from a
    /// random start, so that a steady drift cancels.
    func takePair() throws {
        let pair = pairCount
        for isPlain in [isPlainFirst, !isPlainFirst] {
            try isPlain ? takePlainSteps(pair: pair) : takeInstrumentedSteps(pair: pair)
        }
        pairCount += 1
        isPlainFirst.toggle()
    }

    /// Whole steps without marks, as many as fill a window; each a time sample, together an energy window.
    private func takePlainSteps(pair: Int) throws {
        try warmForBurst()
        var samples: [StepSample] = []
        samples.reserveCapacity(ExperimentSettings.longestBurst)
        try takeEnergyWindow(.step) {
            samples.removeAll(keepingCapacity: true)
            if step.isInterrupted {
                let cost = try step.costOfInterruptedStep(gauge: gauge, checkpoint: checkpoint)
                samples = [StepSample(seconds: cost.seconds, cpuSeconds: cost.cpuSeconds, pair: pair)]
                return (cost, 1)
            }
            let order = step.passes
            let cost = try gauge.cost {
                try burst { samples.append(try step.timeOfWholeStep(order, clock: clock, pair: pair)) }
            }
            return (cost, samples.count)
        } keep: {
            record.steps += samples.prefix(ExperimentSettings.longestBurst)
        }
    }

    /// Whole steps with every instrument on: marks at layers and kernels, and the counters read after every layer.
    private func takeInstrumentedSteps(pair: Int) throws {
        try warmForBurst()
        var recorder = makeRecorder(mostSteps: isBurst ? ExperimentSettings.longestBurst : 1)
        try takeEnergyWindow(.instrumentedStep) {
            if step.isInterrupted {
                // Loads lie within, so there is no window around it.
                try recorder.take(isSampling: false, checkpoint: checkpoint)
                return (nil, 1)
            }
            var count = 0
            let cost = try gauge.cost { opening in
                recorder.lastUpdate = opening
                try burst {
                    // The first step of a burst begins right after an update, and all updates within it come at about the
                    // same places: not at moments like any other.
                    let isAligned = isBurst && count == 0
                    try recorder.take(isSampling: !isAligned && nextStepSamples(), checkpoint: checkpoint)
                    recorder.lastUpdate = nil
                    count += 1
                }
            }
            return (cost, count)
        } keep: {
            recorder.steps(pair: pair).forEach { record.append($0) }
            recordSamples(of: recorder)
        }
    }

    func makeRecorder(mostSteps: Int) -> StepRecorder {
        StepRecorder(step, clock: clock, meter: gauge.meter, start: start, mostSteps: mostSteps)
    }

    /// Repeats short steps until a window is full.
    func burst(_ body: () throws -> Void) throws {
        let seconds = windowSeconds - drawSpreadSeconds()
        let began = clock.now()
        var count = 0
        repeat {
            try checkpoint()
            try body()
            count += 1
        } while isBurst && clock.now().seconds(since: began) < seconds
            && (gauge.meter != nil || count < ExperimentSettings.longestBurst)
    }

    /// Whether steps are so short that several are taken together.
    var isBurst: Bool { plannedStepSeconds < windowSeconds }

    /// The first of several short steps finds the caches as other work left them, the later ones do not. One goes
    /// unrecorded, so that steps with and without instruments are taken under the same conditions; more where a sensor
    /// trails.
    func warmForBurst() throws {
        guard isBurst || trailingSeconds > 0 else { return }
        let began = clock.now()
        repeat {
            try checkpoint()
            for pass in step.passes {
                if step.needsPreparation(layer: pass.layer) { try step.prepare(layer: pass.layer) }
                try step.run(pass)
            }
        } while clock.now().seconds(since: began) < trailingSeconds
    }
}
