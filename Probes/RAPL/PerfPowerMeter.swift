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

    /// An open counter, closed at the end of its lifetime.
    private final class Held: Sendable {
        let descriptor: FileDescriptor
        let joulesPerCount: Double
        let counts: Bool
        let place: FilePath

        init(_ counter: PerfPowerUnit.Counter, of type: UInt32, at place: FilePath) throws(KerfError) {
            let opened = kerf_perf_open(type, counter.event.config, counter.cpu)
            guard opened >= 0 else { throw KerfError(Errno(rawValue: -opened), doing: "count", at: place) }
            descriptor = FileDescriptor(rawValue: opened)
            joulesPerCount = counter.event.joulesPerCount
            counts = counter.domain.role == .counted
            self.place = place
        }

        // Closing a counter that was only read loses nothing, so that its error changes nothing.
        deinit { try? descriptor.close() }
    }

    /// Watches the counters of the total: a tenth of a second where one stands still, milliseconds otherwise. A part that
    /// cannot be counted, or whose counter does not move, is left out and stays in the tree with its reason.
    ///
    /// - Throws: ``KerfError``, with code ``KerfError/Code/permissionDenied`` when the process may not count system-wide,
    ///   ``KerfError/Code/staleReading`` when a package's counter stands still.
    init(_ unit: PerfPowerUnit, root: SystemRoot) throws(KerfError) {
        var unit = unit
        var held: [Held] = []
        while held.count < unit.counters.count {
            let counter = unit.counters[held.count]
            let place = root.file("\(PerfPowerUnit.directory)/events/\(counter.event.name)")
            do throws(KerfError) {
                held.append(try Held(counter, of: unit.type, at: place))
            } catch {
                try unit.leaveOut(held.count, because: error)
            }
        }
        let counted = held.indices.filter { held[$0].counts }
        // A counter that fails shows its error at the first reading.
        let count = { (place: Int) in try? PerfPowerMeter.microjoules(held[counted[place]]) }
        let stopped = CounterFreshness.stopped(after: counted.indices.map(count), read: count)
        // From the last one, so that the indices of the others hold.
        for index in stopped.reversed().map({ counted[$0] }) {
            try unit.leaveOut(index, because: CounterFreshness.error(at: held.remove(at: index).place))
        }
        origin = root.origin
        tree = unit.tree
        counters = held
    }

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
