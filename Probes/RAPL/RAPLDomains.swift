import ProfileFormat
import SystemIO

/// The energy domains of a box, made from its powercap zones.
///
/// Sockets and parts are told by the zones' names, never by directory numbers. What counts:
///
/// - a package, and `dram` below or beside it (memory is outside the package's counter);
/// - `core` and `uncore` are inside their package, and so is a zone of unknown name below one;
/// - `psys` contains everything and stands apart. Only where a box has no package zone and no memory zone, readable
///   or not, is psys its total;
/// - a zone of unknown name at the top is shown and never added: what it overlaps with is not known;
/// - the MMIO zone of a package mirrors the package's own zone, and counts only where that one cannot be read;
/// - a second die, or a second zone of the same name, mirrors the first when ``MirroredCounters`` says so.
///
/// The `enabled` attribute switches power limiting, not the counter, and is not looked at.
struct RAPLDomains {
    /// A zone and its place among the domains.
    struct Entry {
        var zone: PowercapZone
        var kind: ZoneKind
        /// The domain; its role is given last, when all zones have been looked at.
        var domain: EnergyDomain
        /// Path of names with the die left out: zones that share it may be views of one counter.
        var socketPath: String
        var looks: MirroredCounters.Looks?
        /// The error of a counter that cannot be read.
        var failure: KerfError?
    }

    let powercap: PowercapTree
    let entries: [Entry]

    /// Looks at every zone below the root; takes ``secondLookSeconds`` more where two zones may show one counter.
    init(root: SystemRoot) {
        powercap = PowercapTree(root: root)
        var entries = Self.placed(powercap.zones)
        Self.look(at: &entries)
        Self.assignRoles(&entries)
        self.entries = entries
    }

    var tree: EnergyDomainTree { EnergyDomainTree(entries.map(\.domain)) }

    /// Packages whose energy is in no readable counter: a total without them would be the box's total no more.
    ///
    /// Another die of the same socket does not stand in for a die: whether the two mirror each other is seen by their
    /// counters alone, and one of them cannot be read.
    var missingPackages: [Entry] {
        entries.filter { entry in
            entry.kind.isPackage && entry.failure != nil && !entries.contains { Self.isAnotherView($0, of: entry) }
        }
    }

    /// Whether a zone's energy, which is in the total, is by design that of the package that cannot be read: a zone of
    /// the same name, or for an MMIO zone that names no die the registers' zone of any die of its socket.
    private static func isAnotherView(_ other: Entry, of package: Entry) -> Bool {
        guard other.socketPath == package.socketPath else { return false }
        switch other.domain.role {
        case .counted: break
        // What a mirror shows is counted by its original, where both were read and seen to be alike.
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
            // Two zones of one path (an MMIO twin): the later one carries its device's name. A third may be named just
            // so, since a tree's names are any text: the identifier grows until nothing else has it.
            while !taken.insert(identifier).inserted { identifier += "@\(zone.device)" }
            let entry = Entry(
                zone: zone, kind: kind,
                domain: EnergyDomain(
                    identifier: identifier, name: zone.name, parent: parent?.domain.identifier, role: .nested,
                    wrapRangeMicrojoules: zone.wrapRangeMicrojoules,
                    maximumWatts: zone.maximumWatts ?? (kind.isInsideParent ? parent?.domain.maximumWatts : nil)),
                socketPath: (parent.map { $0.socketPath + "/" } ?? "") + kind.socketName(zone.name))
            entries.append(entry)
            for child in children[zone.device] ?? [] { place(child, below: entry) }
        }
        for zone in tops { place(zone, below: nil) }
        return entries
    }
}
