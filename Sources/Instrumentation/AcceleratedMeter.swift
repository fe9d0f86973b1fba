import NVML
import ProbeKit
import ProfileFormat
import SystemIO

/// The meter of a step that runs on GPUs: the sum of theirs and of the box's own, or the one of both that there is.
struct AcceleratedMeter {
    let meter: any EnergyMeter
    /// What the total lacks, or may hold beyond the step's own; `nil` where it is the whole.
    let reservation: String?

    /// - Parameters:
    ///   - box: the meter of the box without its GPUs.
    ///   - missing: why there is none.
    ///   - accelerators: UUIDs of the GPUs; empty where they are not known.
    /// - Throws: ``KerfError`` with both reasons where there is no meter at all.
    init(
        _ box: (any EnergyMeter)?, missing: KerfError?, _ accelerators: [String], root: SystemRoot
    ) throws(KerfError) {
        var gpus: (meter: NVMLMeter, isFound: Bool)?
        var failure: KerfError?
        do throws(KerfError) {
            gpus = try NVMLProbe(root: root).meter(of: accelerators)
        } catch {
            failure = error
        }
        switch (box, gpus) {
        case (let box?, let gpus?):
            meter = SummedMeter(gpus.meter, box)
            reservation = gpus.isFound ? nil : Self.allCounted
        case (nil, let gpus?):
            meter = gpus.meter
            let lacks = "the total is the GPU's alone and lacks the rest of the box: \(missing?.message ?? "no meter")"
            reservation = gpus.isFound ? lacks : "\(Self.allCounted); \(lacks)"
        case (let box?, nil):
            meter = box
            reservation =
                "the total is the box's own meter's, which may not hold the GPU: \(failure?.message ?? "no meter")"
        case (nil, nil):
            var error = missing ?? KerfError(.notFound, "no energy meter")
            if let failure { error.message += "; for the GPU: \(failure.message)" }
            throw error
        }
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
