import Glibc
import ProfileFormat
import SystemIO

extension RAPLDomains {
    /// Long enough for several updates of a counter that steps about every millisecond.
    static let secondLookSeconds = 0.012

    /// Reads every counter; a second time, after ``secondLookSeconds``, when two of them may be one.
    static func look(at entries: inout [Entry]) {
        let start = MonotonicInstant.now()
        for index in entries.indices {
            guard let value = counter(of: &entries[index]) else { continue }
            entries[index].looks = .init(first: value, second: value, elapsed: secondLookSeconds)
        }
        guard entries.indices.contains(where: { !earlierViews(of: $0, in: entries).isEmpty }) else { return }
        usleep(UInt32(secondLookSeconds * 1e6))
        for index in entries.indices {
            guard let first = entries[index].looks?.first else { continue }
            let second = counter(of: &entries[index])
            let elapsed = MonotonicInstant.now().seconds(since: start)
            entries[index].looks = second.map { .init(first: first, second: $0, elapsed: elapsed) }
        }
    }

    private static func counter(of entry: inout Entry) -> UInt64? {
        do {
            return try HeldFile(entry.zone.energyFile).counter()
        } catch {
            entry.failure = error
            return nil
        }
    }

    /// Earlier zones, seen through the registers, that may show the same counter as this one.
    private static func earlierViews(of index: Int, in entries: [Entry]) -> [Entry] {
        entries[..<index].filter { $0.socketPath == entries[index].socketPath && !$0.zone.isMMIO }
    }

    static func assignRoles(_ entries: inout [Entry]) {
        let hasParts = entries.contains { $0.kind.isPackage || $0.kind == .dram }
        for index in entries.indices {
            let entry = entries[index]
            if let failure = entry.failure {
                entries[index].domain.role = .unreadable(failure.message)
            } else if let original = original(of: index, in: entries) {
                entries[index].domain.role = .mirror(of: original)
            } else {
                entries[index].domain.role =
                    switch entry.kind {
                    // No kernel nests packages; where a tree does, the outer one holds the inner.
                    case .package: isInsidePackage(entry, in: entries) ? .nested : .counted
                    case .dram: .counted
                    case .core, .uncore: .nested
                    case .platform: hasParts ? .platform : .counted
                    case .unknown: entry.domain.parent == nil ? .platform : .nested
                    }
            }
        }
    }

    private static func isInsidePackage(_ entry: Entry, in entries: [Entry]) -> Bool {
        entries.contains { $0.kind.isPackage && $0.domain.identifier == entry.domain.parent }
    }

    /// The domain that this one is a second view of. What hardware shows twice by design needs no look at counters.
    private static func original(of index: Int, in entries: [Entry]) -> String? {
        let entry = entries[index]
        let candidates = earlierViews(of: index, in: entries).filter { candidate in
            if case .mirror = candidate.domain.role { return false }
            return candidate.failure == nil
        }
        if entry.zone.isMMIO { return candidates.first?.domain.identifier }
        let range = entry.domain.wrapRangeMicrojoules
        return candidates.first { candidate in
            guard let looks = entry.looks, let others = candidate.looks else { return false }
            return candidate.domain.wrapRangeMicrojoules == range
                && MirroredCounters.areSameCounter(looks, others, range: range)
        }?.domain.identifier
    }
}
