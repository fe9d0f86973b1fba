import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// The energy counters of the box's GPUs, in millijoules since the driver was loaded, 64 bits wide. The total is of those
/// that run the measured work.
///
/// A reading is one driver call per GPU, which takes longer than a `pread`. The counters are updated every 20 to 100 ms; the
/// meter's update interval is measured.
package final class NVMLMeter: EnergyMeter, Sendable {
    package let name = "NVML"
    package let origin = Origin.measured
    package let tree: EnergyDomainTree
    private let library: NVMLLibrary
    private let isCounted: [Bool]

    /// Takes ownership of the initialized library.
    init(_ gpus: [NVMLProbe.GPU], _ library: NVMLLibrary) throws(KerfError) {
        self.library = library
        isCounted = gpus.map(\.isUsed)
        tree = EnergyDomainTree(
            gpus.enumerated().map { index, gpu in
                EnergyDomain(identifier: "gpu-\(index)", name: gpu.name, role: gpu.isUsed ? .counted : .external)
            })
        _ = try read()
    }

    deinit { library.end() }

    package func read() throws(KerfError) -> EnergyReading {
        var reading = EnergyReading(instant: .now(), microjoules: [])
        reading.microjoules.reserveCapacity(isCounted.count)
        reading.instant = .now()
        for (index, isCounted) in isCounted.enumerated() {
            do throws(KerfError) {
                reading.microjoules.append(try microjoules(index))
            } catch {
                // Outside the total, a reading goes without it.
                guard !isCounted else { throw error }
                reading.microjoules.append(nil)
            }
        }
        return reading
    }

    /// The handle is looked up each time: that of a GPU that falls off the bus is invalid, its index returns an error.
    private func microjoules(_ index: Int) throws(KerfError) -> UInt64 {
        try library.millijoules(of: try library.device(index)) * 1000
    }
}
