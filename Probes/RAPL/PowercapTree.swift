import ProbeKit
import SystemIO
import SystemPackage

/// The RAPL zones below `sys/class/powercap`.
///
/// The class directory holds a link for each control type and zone into the device tree, where zones are nested. Captured
/// trees may keep only one of the two, so both are walked. A zone that is reached twice is recognized by its device name,
/// which is unique.
struct PowercapTree {
    static let classDirectory = "sys/class/powercap"

    /// RAPL zones: those read from model-specific registers (and TPMI) first, then those read through MMIO.
    let zones: [PowercapZone]
    /// Control types other than RAPL (`dtpm`, `arm-scmi`), whose zones have no RAPL counter.
    let otherControlTypes: [String]
    /// Whether the class directory exists.
    let exists: Bool
    /// Zones at the top whose links lead nowhere, and a class directory that cannot be listed. What they measure, and whether
    /// it is a package, is not known.
    let obstacles: [KerfError]

    init(root: SystemRoot) {
        let top = root.file(Self.classDirectory)
        exists = root.isDirectory(top)
        var found: [String: PowercapZone] = [:]
        var others: Set<String> = []
        for entry in root.names(in: top) {
            let controlType = Self.controlType(of: entry)
            if Self.isRAPL(controlType) {
                Self.collect(entry, at: root.resolvingFlattenedLink(top.appending(entry)), root: root, into: &found)
            } else {
                others.insert(controlType)
            }
        }
        // A part that is hidden may be memory. It is shown with its package, which is whole without it.
        for obstacle in root.obstacles(in: top, where: { Self.isPart($0) && found[$0] == nil }) {
            let place = obstacle.location.map { FilePath($0) } ?? top
            let zone = PowercapZone(hidden: place, because: obstacle)
            if found[zone.parentDevice] != nil { found[zone.device] = zone }
        }
        zones = found.values.sorted { left, right in
            let (mmio, otherMMIO) = (left.isMMIO, right.isMMIO)
            return mmio == otherMMIO ? ordersNaturally(left.device, right.device) : !mmio
        }
        otherControlTypes = others.sorted()
        // Each zone may still be reached through the device tree.
        obstacles = root.obstacles(in: top) { Self.isTopZone($0) && found[$0] == nil }
    }

    /// Adds the zone and everything nested in it. A nested zone's name is longer than its parent's, so the walk ends also in
    /// a tree that links to itself.
    private static func collect(
        _ device: String, at directory: FilePath, root: SystemRoot, into found: inout [String: PowercapZone]
    ) {
        guard root.isDirectory(directory) else { return }
        if device.contains(":") && found[device] == nil {
            found[device] = PowercapZone(device: device, directory: directory)
        }
        for child in root.names(in: directory) where child.hasPrefix(device + ":") {
            let place = root.resolvingFlattenedLink(directory.appending(child))
            collect(child, at: place, root: root, into: &found)
        }
    }

    private static func controlType(of device: String) -> String { String(device.prefix { $0 != ":" }) }

    /// Whether a package may be there: a part is reached through its package, the control type itself has no counter, and
    /// the memory-mapped view is that of a package that is counted elsewhere.
    private static func isTopZone(_ device: String) -> Bool {
        let type = controlType(of: device)
        return isRAPL(type) && type != PowercapZone.mmioControlType && device.split(separator: ":").count == 2
    }

    /// Whether a part of a package may be there that no other zone shows.
    private static func isPart(_ device: String) -> Bool {
        let type = controlType(of: device)
        return isRAPL(type) && type != PowercapZone.mmioControlType && device.split(separator: ":").count > 2
    }

    private static func isRAPL(_ controlType: String) -> Bool {
        controlType == "intel-rapl" || controlType.hasPrefix("intel-rapl-")
    }
}

extension PowercapZone {
    /// Whether the zone is the memory-mapped view of a package whose counter a register zone shows too.
    var isMMIO: Bool { controlType == Self.mmioControlType }

    static let mmioControlType = "intel-rapl-mmio"
}
