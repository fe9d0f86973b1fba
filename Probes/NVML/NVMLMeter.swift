import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// The energy counters of some of the box's GPUs, in millijoules since the driver was loaded, 64 bits wide.
///
/// A reading is one driver call per GPU, which takes longer than a `pread`. The counters are updated every 20 to 100 ms; the
/// meter's update interval is measured.
package final class NVMLMeter: EnergyMeter, Sendable {
    package let name = "NVML"
    package let origin = Origin.measured
    package let tree: EnergyDomainTree
    private let library: NVMLLibrary
    private let indices: [Int]

    /// Takes ownership of the initialized library.
    init(_ gpus: [NVMLProbe.GPU], _ library: NVMLLibrary) throws(KerfError) {
        self.library = library
        indices = gpus.map(\.index)
        tree = EnergyDomainTree(
            gpus.map { EnergyDomain(identifier: "gpu-\($0.index)", name: $0.name, role: .counted) })
        _ = try read()
    }

    deinit { library.end() }

    package func read() throws(KerfError) -> EnergyReading {
        var reading = EnergyReading(instant: .now(), microjoules: [])
        reading.microjoules.reserveCapacity(indices.count)
        reading.instant = .now()
        for index in indices {
            // The handle is looked up each time: that of a GPU that falls off the bus is invalid, its index returns an error.
            let millijoules = try library.millijoules(of: try library.device(index))
            reading.microjoules.append(millijoules * 1000)
        }
        return reading
    }
}
