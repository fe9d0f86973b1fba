import Calibration
import ProfileFormat
import Quantities
import SystemIO
import Workload

/// The calibration of a box that performs as its specification says, as the paper assumes.
package struct RatedCalibration {
    /// A calibration whose times and powers are `modelled` and have no intervals.
    ///
    /// - Parameters:
    ///   - layers: all layers of the model under the workload, in order.
    ///   - settable: whether the frequency may be chosen, as on the server.
    package static func of(
        _ box: RatedBox, name: String, model: ModelDescription, workload: WorkloadDescription,
        layers: [LayerDescription], settable: Bool
    ) -> Calibration {
        let absent = Quantity.unavailable("rated, not measured")
        func rated(_ value: Double, _ reason: String) -> Quantity {
            Quantity(value: value, origin: .modelled, reason: reason)
        }
        let speed = box.operationsPerSecond * box.efficiency
        func pass(_ operations: Double) -> DirectionCalibration {
            DirectionCalibration(
                timeSeconds: rated(operations / speed, "operations over rated speed"), grossEnergyJoules: absent,
                netEnergyJoules: absent, kernelSeconds: [:])
        }
        let total = layers.reduce(0) { $0 + $1.forwardFlops + $1.backwardFlops }
        return Calibration(
            provenance: [], box: identity(name),
            frequency: FrequencyDescription(
                minimumHertz: rated(box.minimumHertz, box.source), maximumHertz: rated(box.maximumHertz, box.source),
                runningHertz: rated(box.maximumHertz, box.source), settable: settable),
            rated: RatedDescription(
                cores: 1, flopsPerCyclePerCore: rated(speed / box.maximumHertz, box.source),
                powerWatts: rated(box.powerWatts, box.source)),
            meter: MeterDescription(
                name: nil, origin: .unavailable, domains: [], totalOf: [], updateIntervalSeconds: absent,
                reason: "rated, not measured"),
            model: model, workload: workload, weightResidency: .resident,
            layers: layers.map {
                LayerCalibration(description: $0, forward: pass($0.forwardFlops), backward: pass($0.backwardFlops))
            },
            step: StepCalibration(
                timeSeconds: rated(total / speed, "operations over rated speed"), grossEnergyJoules: absent,
                netEnergyJoules: absent, grossPowerWatts: absent, netPowerWatts: absent),
            idlePowerWatts: absent, closure: Closure(timeRatio: absent, grossEnergyRatio: absent), rejections: [],
            warnings: [])
    }

    private static func identity(_ name: String) -> BoxIdentity {
        BoxIdentity(
            architecture: "rated", cpuModel: name, cpuVendor: "rated", microcode: nil, sockets: 1, cores: 1, threads: 1,
            memoryBytes: nil, kernelRelease: nil, hypervisor: nil, governor: nil, instructionSet: "rated",
            pciDevices: [], engine: EngineIdentity(name: "none", version: "none", instructionSet: "rated"),
            kerfBuild: KerfVersion.current, virtualBoard: nil)
    }
}
