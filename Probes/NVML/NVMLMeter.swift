public import ProbeKit
public import Statistics

/// The energy counters of all GPUs, in millijoules since the driver was loaded, 64 bits wide.
///
/// A reading is one call into the driver for each GPU, which takes longer than a `pread`; the counters step every 20 to
/// 100 ms, as the meter's measured update interval tells.
public final class NVMLMeter: EnergyMeter, Sendable {
    public let name = "NVML"
    public let origin = Origin.measured
    public let tree: EnergyDomainTree
    private let library: NVMLLibrary
    private let count: Int

    /// Takes over the started library.
    init(_ library: NVMLLibrary, names: [String]) throws(ProbeError) {
        self.library = library
        count = names.count
        tree = EnergyDomainTree(
            names.enumerated().map {
                EnergyDomain(identifier: "gpu-\($0.offset)", name: $0.element, role: .counted)
            })
        _ = try read()
    }

    deinit { library.end() }

    public func read() throws(ProbeError) -> EnergyReading {
        var reading = EnergyReading(instant: .now(), microjoules: [])
        reading.microjoules.reserveCapacity(count)
        reading.instant = .now()
        for index in 0..<count {
            // The handle is looked up anew: it dies with a GPU that falls off the bus, the index answers with an error.
            let millijoules = try library.millijoules(of: try library.device(index))
            guard millijoules < UInt64.max / 1000 else {
                throw ProbeError(.malformed, "energy of \(millijoules) mJ is beyond any counter")
            }
            reading.microjoules.append(millijoules * 1000)
        }
        return reading
    }
}
