import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// The energy counters of all GPUs, in millijoules since the driver was loaded, 64 bits wide.
///
/// A reading is one call into the driver for each GPU, which takes longer than a `pread`; the counters step every 20 to
/// 100 ms, as the meter's measured update interval tells.
package final class NVMLMeter: EnergyMeter, Sendable {
    package let name = "NVML"
    package let origin = Origin.measured
    package let tree: EnergyDomainTree
    private let library: NVMLLibrary
    private let count: Int

    /// Takes over the started library.
    init(_ library: NVMLLibrary, names: [String]) throws(KerfError) {
        self.library = library
        count = names.count
        tree = EnergyDomainTree(
            names.enumerated().map {
                EnergyDomain(identifier: "gpu-\($0.offset)", name: $0.element, role: .counted)
            })
        _ = try read()
    }

    deinit { library.end() }

    package func read() throws(KerfError) -> EnergyReading {
        var reading = EnergyReading(instant: .now(), microjoules: [])
        reading.microjoules.reserveCapacity(count)
        reading.instant = .now()
        for index in 0..<count {
            // The handle is looked up anew: it dies with a GPU that falls off the bus, the index answers with an error.
            let millijoules = try library.millijoules(of: try library.device(index))
            guard millijoules < UInt64.max / 1000 else {
                throw KerfError(.invalidReading, "energy of \(millijoules) mJ is beyond any counter")
            }
            reading.microjoules.append(millijoules * 1000)
        }
        return reading
    }
}
