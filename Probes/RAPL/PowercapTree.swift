import SystemIO
import SystemPackage

/// What is found below `sys/class/powercap`.
///
/// The class directory holds one entry for each control type and zone side by side, links into the device tree where
/// the zones lie nested in each other; captured trees keep only one of the two. Both ways are walked, and a zone
/// reached twice is the same zone, since its device name is unique.
struct PowercapTree {
    static let classDirectory = "sys/class/powercap"

    /// RAPL's zones: those behind model-specific registers (and TPMI) first, those behind MMIO after them.
    let zones: [PowercapZone]
    /// Control types that are there and are not RAPL (`dtpm`, `arm-scmi`): their zones hold no RAPL counter.
    let otherControlTypes: [String]
    /// Whether the class directory is there at all.
    let exists: Bool

    init(root: SystemRoot) {
        let top = root.file(Self.classDirectory)
        exists = root.isDirectory(top)
        var found: [String: PowercapZone] = [:]
        var others: Set<String> = []
        for entry in root.names(in: top) {
            let controlType = String(entry.prefix { $0 != ":" })
            if Self.isRAPL(controlType) {
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
    }

    /// Adds the zone and everything nested in it. Each level's name is longer than its parent's, so a tree that links
    /// back to itself ends.
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
    /// Whether the zone is the memory-mapped view of a package, beside the registers' view of the same counter.
    var isMMIO: Bool { controlType == "intel-rapl-mmio" }
}
