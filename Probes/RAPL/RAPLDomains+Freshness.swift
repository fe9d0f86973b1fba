import Glibc
import SystemIO

extension RAPLDomains {
    /// How often counters are read, 2 ms apart, until each has changed. All that measure something change within a
    /// millisecond or two.
    static let freshnessReads = 50
    /// Changes of one counter during which another one must change too: they are not updated together, and on a busy machine
    /// a single change may fall between the reads of the two.
    static let freshnessChanges = 5

    /// Finds counters of the total that stand still while another one moves: the kernel does not read their registers any
    /// more, or the processor never had them (`dram` on some clients). A total with them would lack their energy.
    ///
    /// Nothing is concluded where no counter moves, as in a tree that nothing updates.
    ///
    /// - Parameter read: reads an entry's counter; `nil` where it fails, with the reason in the entry.
    static func watch(_ entries: inout [Entry], read: (inout Entry) -> UInt64? = { RAPLDomains.counter(of: &$0) }) {
        let counted = entries.indices.filter { entries[$0].isPartOfTotal && entries[$0].samples != nil }
        guard counted.count > 1 else { return }
        var values = counted.map { entries[$0].samples?.first }
        var changes = counted.map { _ in 0 }
        for _ in 0..<freshnessReads where changes.contains(0) {
            usleep(2000)
            for (place, index) in counted.enumerated() where entries[index].failure == nil {
                let value = read(&entries[index])
                if value != values[place] { changes[place] += 1 }
                values[place] = value
            }
        }
        guard (changes.max() ?? 0) >= freshnessChanges else { return }
        for (place, index) in counted.enumerated() where changes[place] == 0 && entries[index].failure == nil {
            entries[index].failure = KerfError(
                .staleReading, "the counter stands still while those of other zones move",
                at: entries[index].zone.energyFile)
        }
    }
}

extension RAPLDomains.Entry {
    /// Whether the zone's energy is part of the box's total, unless it mirrors another's.
    fileprivate var isPartOfTotal: Bool { (kind.isPackage || kind == .dram) && !zone.isMMIO }
}
