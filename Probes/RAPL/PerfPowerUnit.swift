import ProfileFormat
import SystemIO
import SystemPackage

/// The `power` PMU of a box: its events, and the CPU that counts those of each package.
///
/// Source: Documentation/ABI/testing/sysfs-bus-event_source-devices; `cpumask` names one CPU for each package.
struct PerfPowerUnit: Sendable {
    static let directory = "sys/bus/event_source/devices/power"

    struct Counter: Sendable {
        let event: PerfEvent
        let cpu: Int32
        var domain: EnergyDomain
    }

    let type: UInt32
    private(set) var counters: [Counter]
    /// Domains whose event cannot be used, with the reason. They are in no total.
    private(set) var unreadable: [EnergyDomain]

    /// The counters' domains in their order, then the unreadable ones.
    var tree: EnergyDomainTree { EnergyDomainTree(counters.map(\.domain) + unreadable) }

    /// Leaves a counter out of the total. Its domain stays in the tree, with the reason.
    ///
    /// - Throws: the reason, where the counter is a package's: the total would lack a socket.
    mutating func leaveOut(_ index: Int, because failure: KerfError) throws(KerfError) {
        guard counters[index].event.name != "energy-pkg" else {
            var failure = failure
            failure.message = "\(counters[index].domain.identifier): \(failure.message)"
            throw failure
        }
        var domain = counters.remove(at: index).domain
        domain.role = .unreadable(failure.message)
        unreadable.append(domain)
    }

    /// - Throws: ``KerfError/Code/notFound`` without the PMU or the event `energy-pkg`;
    ///   ``KerfError/Code/ambiguousReading`` where several of its CPUs belong to one package.
    init(root: SystemRoot) throws(KerfError) {
        let device = root.file(Self.directory)
        guard root.isDirectory(device) else { throw KerfError(.notFound, "no \(device)") }
        let typeText = try SysfsFile.text(at: device.appending("type"))
        guard let type = UInt32(typeText) else {
            throw KerfError(
                .invalidReading, "expected a number, found \(PlainText.quoted(typeText))", at: device.appending("type"))
        }
        self.type = type
        let names = root.names(in: device.appending("events")).filter { $0.hasPrefix("energy-") && !$0.contains(".") }
        var events: [PerfEvent] = []
        var failures: [(event: String, error: KerfError)] = []
        for name in names {
            do throws(KerfError) {
                events.append(try PerfEvent(name, in: device))
            } catch {
                // A total needs its packages; a part that fails is left out and reported.
                if name == "energy-pkg" { throw error }
                failures.append((name, error))
            }
        }
        // Parents first: the package before its parts, the platform last.
        let order = ["energy-pkg", "energy-cores", "energy-gpu", "energy-ram", "energy-psys"]
        events = order.compactMap { name in events.first { $0.name == name } }
        guard events.first?.name == "energy-pkg" else {
            throw KerfError(.notFound, "no energy-pkg among the events of \(device)")
        }
        var counters: [Counter] = []
        var unreadable: [EnergyDomain] = []
        for (cpu, package) in try Self.packages(device: device, root: root) {
            for (event, error) in failures {
                guard let (zone, _) = PerfEvent.zone(of: event) else { continue }
                unreadable.append(
                    EnergyDomain(
                        identifier: "\(package)/\(zone)", name: zone, parent: package, role: .unreadable(error.message))
                )
            }
            for event in events {
                guard let (zone, role) = event.zone else { continue }
                if zone == "psys" && !counters.allSatisfy({ $0.event.name != event.name }) { continue }
                let name = zone == "package" ? package : zone
                let isTop = zone == "package" || zone == "psys"
                counters.append(
                    Counter(
                        event: event, cpu: cpu,
                        domain: EnergyDomain(
                            identifier: isTop ? name : "\(package)/\(zone)", name: name,
                            parent: isTop ? nil : package, role: role)))
            }
        }
        self.counters = counters
        self.unreadable = unreadable
    }

    /// The CPU that counts for each package, and the package's name.
    ///
    /// A PMU's counters start at zero when they are opened, so two dies that mirror one counter cannot be distinguished
    /// from two counters. Where the mask has several CPUs of a package, powercap is needed.
    private static func packages(device: FilePath, root: SystemRoot) throws(KerfError) -> [(Int32, String)] {
        let path = device.appending("cpumask")
        let mask = try SysfsFile.text(at: path)
        var packages: [(Int32, String)] = []
        guard let cpus = CPUList.parse(mask) else {
            throw KerfError(.invalidReading, "expected CPUs, found \(PlainText.quoted(mask))", at: path)
        }
        for cpu in cpus {
            let topology = root.file("sys/devices/system/cpu/cpu\(cpu)/topology/physical_package_id")
            let package = "package-\(try SysfsFile.integer(at: topology))"
            guard !packages.contains(where: { $0.1 == package }) else {
                throw KerfError(
                    .ambiguousReading,
                    "\(package) is counted on several CPUs: it is not known whether its dies share one counter",
                    at: path, remedy: "use powercap")
            }
            packages.append((Int32(cpu), package))
        }
        guard !packages.isEmpty else { throw KerfError(.invalidReading, "no CPU in the mask", at: path) }
        return packages
    }
}
