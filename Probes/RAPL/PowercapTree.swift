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
        var obstacles: [KerfError] = []
        for entry in Self.entries(of: top, root: root, &obstacles) {
            let controlType = String(entry.prefix { $0 != ":" })
            if Self.isRAPL(controlType) {
                // A part is reached through its package; the control type itself has no counter.
                if entry.split(separator: ":").count == 2, controlType != PowercapZone.mmioControlType,
                    let obstacle = root.obstacle(to: top.appending(entry))
                {
                    obstacles.append(obstacle)
                }
                Self.collect(entry, at: root.resolvingFlattenedLink(top.appending(entry)), root: root, into: &found)
            } else {
                others.insert(controlType)
            }
        }
        zones = found.values.sorted { left, right in
            let (mmio, otherMMIO) = (left.isMMIO, right.isMMIO)
            return mmio == otherMMIO ? ordersNaturally(left.device, right.device) : !mmio
        }
        otherControlTypes = others.sorted()
        // Each zone may still be reached through the device tree.
        self.obstacles = obstacles.filter { obstacle in
            !found.keys.contains { obstacle.location == top.appending($0).string }
        }
    }

    private static func entries(
        of directory: FilePath, root: SystemRoot, _ obstacles: inout [KerfError]
    ) -> [String] {
        do throws(KerfError) {
            return try root.listing(directory)
        } catch {
            obstacles.append(error)
            return []
        }
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

    private static func isRAPL(_ controlType: String) -> Bool {
        controlType == "intel-rapl" || controlType.hasPrefix("intel-rapl-")
    }
}

extension PowercapZone {
    /// Whether the zone is the memory-mapped view of a package whose counter a register zone shows too.
    var isMMIO: Bool { controlType == Self.mmioControlType }

    static let mmioControlType = "intel-rapl-mmio"
}
