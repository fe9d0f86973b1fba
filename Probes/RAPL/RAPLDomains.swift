import Glibc
import ProbeKit
import ProfileFormat
import SystemIO

/// The energy domains of a box, made from its powercap zones.
///
/// Sockets and parts are identified by the zones' names, never by directory numbers:
///
/// - a package counts, and so does `dram` below or next to it (memory is outside the package's counter);
/// - `core` and `uncore` are inside their package, and so is a zone of unknown name below one;
/// - `psys` contains everything and is not added. It is the total only on a box without a package and a memory zone,
///   readable or not;
/// - a zone of unknown name at the top is shown and not added, since its overlap with others is unknown;
/// - the MMIO zone of a package mirrors the register zone, and counts only where that one cannot be read;
/// - a second die, or a second zone of the same name, mirrors the first when ``MirroredCounters`` finds them equal.
///
/// The `enabled` attribute switches power limiting, not the counter, and is ignored.
struct RAPLDomains {
    /// A zone and its domain.
    struct Entry {
        var zone: PowercapZone
        var kind: ZoneKind
        /// Its role is assigned last, when all counters were read.
        var domain: EnergyDomain
        /// Path of names without the die. Zones with the same path may be views of one counter.
        var socketPath: String
        var samples: MirroredCounters.Samples?
        /// The error of a counter or of a name that cannot be read.
        var failure: KerfError?

        /// Whether the zone is a package, or may be one for all that is known of it: packages are the zones at the top.
        var mayBePackage: Bool {
            kind.isPackage || (zone.nameFailure != nil && domain.parent == nil && !zone.isMMIO)
        }
    }

    let powercap: PowercapTree
    let entries: [Entry]

    /// Reads every zone below the root. Takes ``secondSampleSeconds`` longer where two zones may show one counter.
    init(root: SystemRoot) {
        powercap = PowercapTree(root: root)
        var entries = Self.placed(powercap.zones)
        Self.readCounters(of: &entries)
        if !root.isRecording { Self.watch(&entries) }
        Self.assignRoles(&entries)
        self.entries = entries
    }

    var tree: EnergyDomainTree { EnergyDomainTree(entries.map(\.domain)) }

    /// Packages whose energy is in no readable counter. A total without them would not be the box's.
    ///
    /// Another die of the same socket does not replace a die: only their counters show whether they are mirrors, and one
    /// of the two cannot be read.
    var missingPackages: [Entry] {
        entries.filter { entry in
            entry.mayBePackage && entry.failure != nil && !entries.contains { Self.isAnotherView($0, of: entry) }
        }
    }

    /// Why the total lacks a package, or may lack one; `nil` where it is whole.
    var incompleteness: KerfError? {
        guard let missing = missingPackages.first, var failure = missing.failure else {
            return powercap.obstacles.first
        }
        failure.message = "\(missing.domain.identifier): \(failure.message)"
        return failure
    }

    /// Whether a zone of the total measures, by design, the energy of a package that cannot be read: a zone of the same
    /// name, or for an MMIO zone without a die the register zone of any die of its socket.
    private static func isAnotherView(_ other: Entry, of package: Entry) -> Bool {
        guard other.socketPath == package.socketPath else { return false }
        switch other.domain.role {
        case .counted: break
        // The original of a mirror counts its energy, if the two were compared.
        case .mirror: if other.zone.isMMIO { return false }
        case .nested, .platform, .external, .unreadable: return false
        }
        return other.zone.name == package.zone.name || (package.zone.isMMIO && !package.kind.isDie)
    }

    /// Zones in order, parents before children, each with a unique identifier.
    private static func placed(_ zones: [PowercapZone]) -> [Entry] {
        let devices = Set(zones.map(\.device))
        let children = Dictionary(grouping: zones, by: \.parentDevice)
        let tops = zones.filter { !devices.contains($0.parentDevice) }.sorted { left, right in
            left.isMMIO == right.isMMIO ? ordersNaturally(left.name, right.name) : !left.isMMIO
        }
        var entries: [Entry] = []
        var taken: Set<String> = []
        func place(_ zone: PowercapZone, below parent: Entry?) {
            let kind = ZoneKind(name: zone.name)
            var identifier = (parent.map { $0.domain.identifier + "/" } ?? "") + zone.name
            // Two zones of one path (an MMIO twin): the later one gets its device's name. A third zone may have just that
            // name, since names in a tree are arbitrary: the identifier grows until it is unique.
            while !taken.insert(identifier).inserted { identifier += "@\(zone.device)" }
            let entry = Entry(
                zone: zone, kind: kind,
                domain: EnergyDomain(
                    identifier: identifier, name: zone.name, parent: parent?.domain.identifier, role: .nested,
                    wrapRangeMicrojoules: zone.wrapRangeMicrojoules,
                    maximumWatts: zone.maximumWatts ?? (kind.isInsideParent ? parent?.domain.maximumWatts : nil)),
                socketPath: (parent.map { $0.socketPath + "/" } ?? "") + kind.socketName(zone.name),
                failure: zone.nameFailure.map(Self.unnamed))
            entries.append(entry)
            for child in children[zone.device] ?? [] { place(child, below: entry) }
        }
        for zone in tops { place(zone, below: nil) }
        return entries
    }

    private static func unnamed(_ failure: KerfError) -> KerfError {
        var failure = failure
        failure.message = "the zone's name cannot be read, so that it is not known what it measures: \(failure.message)"
        return failure
    }
}

extension RAPLDomains {
    /// Long enough for several updates of a counter with an update interval of about a millisecond.
    static let secondSampleSeconds = 0.012

    /// Reads every counter, and a second time after ``secondSampleSeconds`` when two of them may be the same.
    static func readCounters(of entries: inout [Entry]) {
        let start = MonotonicInstant.now()
        for index in entries.indices where entries[index].failure == nil {
            guard let value = counter(of: &entries[index]) else { continue }
            entries[index].samples = .init(first: value, second: value, elapsed: secondSampleSeconds)
        }
        guard entries.indices.contains(where: { !earlierViews(of: $0, in: entries).isEmpty }) else { return }
        usleep(UInt32(secondSampleSeconds * 1e6))
        for index in entries.indices {
            guard let first = entries[index].samples?.first else { continue }
            let second = counter(of: &entries[index])
            let elapsed = MonotonicInstant.now().seconds(since: start)
            entries[index].samples = second.map { .init(first: first, second: $0, elapsed: elapsed) }
        }
    }

    static func counter(of entry: inout Entry) -> UInt64? {
        do throws(KerfError) {
            let value = try HeldFile(entry.zone.energyFile).counter()
            if let range = entry.domain.wrapRangeMicrojoules, value > range {
                // A word of ones, or a range that is not the counter's: no window of it has a solution.
                throw KerfError(
                    .implausibleReading,
                    "the counter's \(value) µJ are not to be believed: they are beyond its range of \(range) µJ",
                    at: entry.zone.energyFile)
            }
            return value
        } catch {
            entry.failure = error
            return nil
        }
    }

    /// Earlier register zones that may show the same counter as this one.
    private static func earlierViews(of index: Int, in entries: [Entry]) -> [Entry] {
        entries[..<index].filter { $0.socketPath == entries[index].socketPath && !$0.zone.isMMIO }
    }

    static func assignRoles(_ entries: inout [Entry]) {
        let hasParts = entries.contains { $0.mayBePackage || $0.kind == .dram }
        for index in entries.indices {
            let entry = entries[index]
            if let failure = entry.failure {
                entries[index].domain.role = .unreadable(failure.message)
            } else if let original = original(of: index, in: entries) {
                entries[index].domain.role = .mirror(of: original)
            } else {
                entries[index].domain.role =
                    switch entry.kind {
                    // No kernel nests packages; in a tree that does, the outer one contains the inner.
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

    /// The domain that this one mirrors. MMIO zones mirror by design, so their counters are not compared.
    private static func original(of index: Int, in entries: [Entry]) -> String? {
        let entry = entries[index]
        let candidates = earlierViews(of: index, in: entries).filter { candidate in
            if case .mirror = candidate.domain.role { return false }
            return candidate.failure == nil
        }
        if entry.zone.isMMIO { return candidates.first?.domain.identifier }
        let range = entry.domain.wrapRangeMicrojoules
        return candidates.first { candidate in
            guard let samples = entry.samples, let others = candidate.samples else { return false }
            return candidate.domain.wrapRangeMicrojoules == range
                && MirroredCounters.areSameCounter(samples, others, range: range)
        }?.domain.identifier
    }
}
