import Glibc
import SystemIO
import SystemPackage

/// Finds counters of a total that stand still while another one moves: the kernel does not read their registers any more,
/// or the processor never had them (`dram` on some clients). A total with them would lack their energy.
enum CounterFreshness {
    /// How often counters are read, 2 ms apart, until each has changed. All that measure something change within a
    /// millisecond or two.
    static let reads = 50
    /// Changes of one counter during which another one must change too: they are not updated together, and on a busy machine
    /// a single change may fall between the reads of the two.
    static let conclusiveChanges = 5

    /// Nothing is concluded where no counter moves, as in a tree that nothing updates.
    ///
    /// - Parameters:
    ///   - first: a value of each counter; `nil` where it could not be read.
    ///   - read: reads a counter, by its index; `nil` where it fails.
    /// - Returns: the indices of those that stand still, in order.
    static func stopped(after first: [UInt64?], read: (Int) -> UInt64?) -> [Int] {
        guard first.count > 1 else { return [] }
        var values = first
        var changes = first.map { _ in 0 }
        for _ in 0..<reads where changes.contains(0) {
            usleep(2000)
            for index in values.indices {
                let value = read(index)
                if value != values[index] { changes[index] += 1 }
                values[index] = value
            }
        }
        guard (changes.max() ?? 0) >= conclusiveChanges else { return [] }
        return changes.indices.filter { changes[$0] == 0 }
    }

    static func error(at counter: FilePath) -> KerfError {
        KerfError(.staleReading, "the counter stands still while those of other zones move", at: counter)
    }
}

extension RAPLDomains {
    /// Marks the zones of the total that stand still while another one moves.
    ///
    /// - Parameter read: reads an entry's counter; `nil` where it fails, with the reason in the entry.
    static func watch(_ entries: inout [Entry], read: (inout Entry) -> UInt64? = { RAPLDomains.counter(of: &$0) }) {
        let counted = entries.indices.filter { entries[$0].isPartOfTotal && entries[$0].samples != nil }
        let stopped = CounterFreshness.stopped(after: counted.map { entries[$0].samples?.first }) { place in
            entries[counted[place]].failure == nil ? read(&entries[counted[place]]) : nil
        }
        for index in stopped.map({ counted[$0] }) {
            entries[index].failure = CounterFreshness.error(at: entries[index].zone.energyFile)
        }
    }
}

extension RAPLDomains.Entry {
    /// Whether the zone's energy is part of the box's total, unless it mirrors another's.
    fileprivate var isPartOfTotal: Bool { (kind.isPackage || kind == .dram) && !zone.isMMIO }
}
