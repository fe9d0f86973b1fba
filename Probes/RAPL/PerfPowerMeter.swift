import CPerf
import Glibc
import ProbeKit
import ProfileFormat
import Quantities
import SystemIO
import SystemPackage

/// RAPL counters through perf_event: the registers that powercap reads, with the kernel handling the wraps.
///
/// A reading is one clock call and one `read` of eight bytes per domain on held descriptors. Counts start at zero when
/// they are opened, are 64 bits wide and never wrap.
///
/// Source: perf_event_open(2); arch/x86/events/rapl.c.
package final class PerfPowerMeter: EnergyMeter, Sendable {
    package let name = "perf_event"
    package let origin: Origin
    package let tree: EnergyDomainTree
    private let counters: [Held]

    private struct Held {
        let descriptor: FileDescriptor
        let joulesPerCount: Double
        let counts: Bool
        let place: FilePath
    }

    /// - Throws: ``KerfError``, with code ``KerfError/Code/permissionDenied`` when the process may not count system-wide.
    init(_ unit: PerfPowerUnit, root: SystemRoot) throws(KerfError) {
        origin = root.origin
        var held: [Held] = []
        var tree = unit.tree
        for (index, counter) in unit.counters.enumerated() {
            let place = root.file("\(PerfPowerUnit.directory)/events/\(counter.event.name)")
            let descriptor = kerf_perf_open(unit.type, counter.event.config, counter.cpu)
            if descriptor >= 0 {
                held.append(
                    Held(
                        descriptor: FileDescriptor(rawValue: descriptor),
                        joulesPerCount: counter.event.joulesPerCount, counts: counter.domain.role == .counted,
                        place: place))
                continue
            }
            let error = KerfError(Errno(rawValue: -descriptor), doing: "count", at: place)
            guard counter.event.name == "energy-pkg" else {
                tree.domains[index].role = .unreadable(error.message)
                continue
            }
            // Closing a counter that was only read loses nothing, so that its error changes nothing; so below.
            for open in held { try? open.descriptor.close() }
            throw error
        }
        self.tree = tree
        counters = held
    }

    deinit { for counter in counters { try? counter.descriptor.close() } }

    package func read() throws(KerfError) -> EnergyReading {
        var reading = EnergyReading(instant: .now(), microjoules: [])
        reading.microjoules.reserveCapacity(counters.count)
        reading.instant = .now()
        for counter in counters {
            do throws(KerfError) {
                reading.microjoules.append(try Self.microjoules(counter))
            } catch {
                if counter.counts { throw error }
                reading.microjoules.append(nil)
            }
        }
        return reading
    }

    private static func microjoules(_ counter: Held) throws(KerfError) -> UInt64 {
        var count: UInt64 = 0
        let bytes: Int
        do {
            bytes = try withUnsafeMutableBytes(of: &count) { try counter.descriptor.read(into: $0) }
        } catch let errno as Errno {
            throw KerfError(errno, doing: "read", at: counter.place)
        } catch {
            throw KerfError(.ioError, "cannot read: \(error)", at: counter.place)
        }
        // A counter that the kernel stopped because of an error reads as zero bytes.
        guard bytes == MemoryLayout<UInt64>.size else {
            throw KerfError(.invalidReading, "expected 8 bytes, found \(bytes)", at: counter.place)
        }
        let microjoules = Double(count) * counter.joulesPerCount * 1e6
        guard microjoules < 0x1p63 else {
            throw KerfError(.invalidReading, "count of \(count) is beyond any energy", at: counter.place)
        }
        return UInt64(microjoules)
    }
}
