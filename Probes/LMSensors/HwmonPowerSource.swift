import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// Power of rails whose chips report power, or voltage and current, on held descriptors.
struct HwmonPowerSource: PowerSource {
    let name = "hwmon"
    let origin: Origin
    let tree: EnergyDomainTree
    let statedRefreshSeconds: Double?
    let refreshTimeoutSeconds = 5.0
    private let readers: [Reader]

    /// Chips average over milliseconds or longer; faster sampling costs time and yields nothing.
    var samplingSeconds: Double { min(0.1, max(0.005, (statedRefreshSeconds ?? 0.01) / 2)) }

    init(_ rails: PowerRails, origin: Origin) throws(KerfError) {
        self.origin = origin
        // A rail that reports energy is not sampled.
        let sampled = rails.rails.filter { !$0.isEnergy }
        let identifiers = Set(sampled.map(\.identifier))
        tree = EnergyDomainTree(rails.tree.domains.filter { identifiers.contains($0.identifier) })
        statedRefreshSeconds = rails.counted.compactMap(\.refreshSeconds).max()
        var readers: [Reader] = []
        for rail in sampled {
            let counts = tree.counted.contains { $0.identifier == rail.identifier }
            readers.append(try Reader(rail, counts: counts))
        }
        self.readers = readers
    }

    func watts() throws(KerfError) -> [Double?] {
        var watts: [Double?] = []
        watts.reserveCapacity(readers.count)
        for reader in readers {
            do throws(KerfError) {
                watts.append(try reader.watts())
            } catch {
                if reader.counts { throw error }
                watts.append(nil)
            }
        }
        return watts
    }

    private struct Reader {
        let first: HeldFile
        /// The current, where the first file is a voltage.
        let current: HeldFile?
        let counts: Bool

        init(_ rail: PowerRail, counts: Bool) throws(KerfError) {
            self.counts = counts
            switch rail.files {
            case .energy(let file), .power(let file): (first, current) = (try HeldFile(file), nil)
            case .voltageAndCurrent(let voltage, let current):
                (first, self.current) = (try HeldFile(voltage), try HeldFile(current))
            }
        }

        /// - Throws: also when the power of a counted rail is negative, which is either fed back or a damaged reading.
        func watts() throws(KerfError) -> Double {
            let watts: Double
            if let current {
                // Millivolts times milliamperes.
                watts = Double(try first.integer()) * Double(try current.integer()) * 1e-6
            } else {
                watts = Double(try first.integer()) * 1e-6
            }
            // A rail outside the total may feed back.
            let judged = counts ? watts : watts.magnitude
            if let flaw = SensorKind.power.implausibility(of: judged, at: (current ?? first).path) { throw flaw }
            return watts
        }
    }
}
