import NVML
import ProbeKit
import ProfileFormat
import SystemIO

/// The meter of a step that runs on GPUs: the sum of theirs and of the processors', or the one of both that there is.
struct AcceleratedMeter {
    let meter: any EnergyMeter
    /// What the total lacks, or may hold beyond the step's own; `nil` where it is the sum.
    let reservation: String?

    /// The meter of the box without its GPUs, or why there is none.
    enum Box {
        /// A meter that holds the processors and their memory, and no GPU.
        case processors(any EnergyMeter)
        /// A meter that may hold the GPUs too: a battery, or rails.
        case whole(any EnergyMeter)
        case missing(KerfError)

        init(_ selected: MeterSelector.Selected) {
            switch selected.backend {
            case .perf, .powercap: self = .processors(selected.meter)
            case .hwmon, .battery: self = .whole(selected.meter)
            }
        }
    }

    /// - Parameter accelerators: UUIDs of the GPUs; empty where they are not known.
    /// - Throws: ``KerfError`` with both reasons where there is no meter at all.
    init(_ box: Box, _ accelerators: [String], root: SystemRoot) throws(KerfError) {
        let gpus = Self.gpus(accelerators, root: root)
        switch (box, gpus) {
        case (.processors(let box), .success(let gpus)):
            meter = Self.with(gpus.unused, beside: SummedMeter(gpus.used, box))
            reservation = gpus.isFound ? nil : Self.allCounted
        case (.whole(let box), .success(let gpus)):
            // Both in one sum would count the GPU twice. A GPU beside it that has no counter is left out.
            meter = Self.with(try? NVMLProbe(root: root).meter(), beside: box)
            reservation = "the total is the box's own meter's, which may or may not hold \(gpus.used.tree.totalFormula)"
        case (.missing(let failure), .success(let gpus)):
            meter = Self.with(gpus.unused, beside: gpus.used)
            let lacks = "the total is the GPU's alone and lacks the rest of the box: \(failure.message)"
            reservation = gpus.isFound ? lacks : "\(Self.allCounted); \(lacks)"
        case (.processors(let box), .failure(let failure)), (.whole(let box), .failure(let failure)):
            meter = box
            reservation = "the total is the box's own meter's, which may not hold the GPU: \(failure.message)"
        case (.missing(var failure), .failure(let gpuFailure)):
            failure.message += "; for the GPU: \(gpuFailure.message)"
            throw failure
        }
    }

    /// Meters of GPUs whose counters were seen to move.
    private static func gpus(_ accelerators: [String], root: SystemRoot) -> Result<NVMLProbe.Meters, KerfError> {
        Result { () throws(KerfError) in
            let meters = try NVMLProbe(root: root).meters(of: accelerators)
            _ = try MeterObservation(of: meters.used)
            return meters
        }
    }

    private static func with(_ gpus: NVMLMeter?, beside meter: any EnergyMeter) -> any EnergyMeter {
        if let gpus { CompositeMeter(meter, external: gpus) } else { meter }
    }

    private static let allCounted =
        "the total counts every GPU, since the program does not name those it uses as the driver does"

    /// The description, with the meter's updates as observed. Takes the time of a ``MeterObservation``.
    var description: MeterDescription {
        get throws(KerfError) {
            var description = MeterDescription(of: meter, try MeterObservation(of: meter))
            description.reason = reservation
            return description
        }
    }
}
