import Calibration
import ProfileFormat
import Quantities
import Workload

/// A profile's steps and the layers inside them; the same tables for each visit to a frequency.
extension Profile {
    /// Where samples were taken: in the profile itself, or in a visit to a frequency.
    final class Place {
        /// Number of the visit from 0, and the visit; `nil` for the profile itself.
        let visit: (number: Int, visit: FrequencyVisit)?
        /// The profile, with the visit's samples in place of its own.
        let profile: Profile
        let fitted: FittedSteps

        init(_ profile: Profile, visit: (number: Int, visit: FrequencyVisit)? = nil) {
            self.visit = visit
            self.profile = profile
            fitted = FittedSteps(profile)
        }
    }

    /// The profile itself, or all visits of its sweep.
    struct Places {
        var isSweep: Bool
        var layers: [LayerDescription]
        var all: [Place]
    }

    var ownPlace: Places {
        Places(isSweep: false, layers: layers, all: [Place(self)])
    }

    var visits: Places {
        let all = (frequencySweep?.visits ?? []).enumerated().map { number, visit in
            Place(replacing(samplesBy: visit), visit: (number, visit))
        }
        return Places(isSweep: true, layers: layers, all: all)
    }

    /// Times of the frequency sweep are simulated where the frequency is a virtual board's.
    var timeOriginOfSweep: Origin { Origin.weakest([.measured, frequency.maximumHertz.origin]) }

    static func stepTable(_ name: String, _ places: Places, origin: Origin) -> CSVTable {
        typealias Row = (place: Place, number: Int, step: StepSample)
        var columns = CSVColumns<Row>()
        columns.addVisit(places.isSweep) { $0.place.visit }
        columns.add("step", "Number of the step, from 0") { $0.number }
        columns.add("start_seconds", "Start of the step, since the start of the run or visit") { $0.step.startSeconds }
        columns.add("seconds", "Wall time, without loading of weights") { $0.step.seconds }
        columns.add("cpu_seconds", "Processor time of all threads") { $0.step.cpuSeconds }
        columns.add("pair", "Steps with and without instruments of one number were taken together") { $0.step.pair }
        columns.add("used_by_fit", "Whether the calibration's mean over this profile uses the step") {
            $0.place.fitted.plain.contains($0.number)
        }
        columns.addOrigin(origin)
        var rows: [Row] = []
        for place in places.all {
            for (number, step) in place.profile.steps.enumerated() { rows.append((place, number, step)) }
        }
        return columns.table(name, "a whole step without instruments", of: rows)
    }

    var instrumentedStepTable: CSVTable {
        let (fitted, samples) = (FittedSteps(self).instrumented, layerTimes.first?.seconds.count ?? 0)
        // A step of an older file may have no sample of its layers.
        let isKnown = instrumentedSteps?.count == samples
        var columns = CSVColumns<(offset: Int, element: StepSample)>()
        columns.add("step", "Number of the step; the same in layer_times.csv where both have as many") { $0.offset }
        columns.add("start_seconds", "Start of the step, since the start of the run") { $0.element.startSeconds }
        columns.add("seconds", "Wall time, instruments included") { $0.element.seconds }
        columns.add("cpu_seconds", "Processor time of all threads") { $0.element.cpuSeconds }
        columns.add("pair", "Steps with and without instruments of one number were taken together") { $0.element.pair }
        columns.add("used_by_fit", "Whether the calibration's means over this profile use the step") {
            isKnown ? fitted.contains($0.offset) : nil
        }
        columns.addOrigin(.measured)
        return columns.table(
            "instrumented_steps", "a whole step with instruments", of: (instrumentedSteps ?? []).enumerated())
    }

    static func layerTimeTable(_ name: String, _ places: Places, origin: Origin) -> CSVTable {
        typealias Row = (place: Place, pass: LayerPass, number: Int, seconds: Double)
        var columns = CSVColumns<Row>()
        columns.addVisit(places.isSweep) { $0.place.visit }
        columns.addPass(places.layers) { $0.pass }
        columns.addSample { ($0.place, $0.number) }
        columns.add("seconds", "Time of the pass inside the step") { $0.seconds }
        columns.addOrigin(origin)
        var rows: [Row] = []
        for place in places.all {
            for times in place.profile.layerTimes {
                for (number, seconds) in times.seconds.enumerated() {
                    rows.append((place, times.pass, number, seconds))
                }
            }
        }
        return columns.table(name, "a pass of a layer in an instrumented step", of: rows)
    }

    var kernelTimeTable: CSVTable {
        typealias Row = (place: Place, pass: LayerPass, kernel: String, number: Int, seconds: Double)
        var columns = CSVColumns<Row>()
        columns.addPass(layers) { $0.pass }
        columns.add("kernel", "A timed part of the layer, such as attention") { $0.kernel }
        columns.addSample { ($0.place, $0.number) }
        columns.add("seconds", "Time of the kernel inside the step") { $0.seconds }
        columns.addOrigin(.measured)
        let place = Place(self)
        var rows: [Row] = []
        for times in layerTimes {
            for (kernel, samples) in times.kernels.sorted(by: { $0.key < $1.key }) {
                for (number, seconds) in samples.enumerated() {
                    rows.append((place, times.pass, kernel, number, seconds))
                }
            }
        }
        return columns.table("kernel_times", "a kernel of a pass in an instrumented step", of: rows)
    }
}

extension CSVColumns {
    /// The visit to a frequency; no columns for the samples of the profile itself.
    mutating func addVisit(_ isSweep: Bool, _ visit: @escaping (Row) -> (number: Int, visit: FrequencyVisit)?) {
        guard isSweep else { return }
        add("visit", "Number of the visit to a frequency, from 0, in the order of the visits") { visit($0)?.number }
        add("group", "The kind of core that was swept alone; empty for the whole box") { visit($0)?.visit.group }
        add("set_hertz", "The frequency that was set") { visit($0)?.visit.hertz }
    }

    /// An instrumented step.
    fileprivate mutating func addSample(_ sample: @escaping (Row) -> (place: Profile.Place, number: Int)) {
        add("step", "Number of the instrumented step, from 0") { sample($0).number }
        add("used_by_fit", "Whether the calibration's mean over this profile uses the step") {
            sample($0).place.fitted.instrumented.contains(sample($0).number)
        }
    }
}
