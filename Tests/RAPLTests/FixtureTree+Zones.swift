import ProfileFormat
import RAPL
import TestSupport

extension FixtureTree {
    /// Writes a zone flat below the class directory.
    func zone(
        _ device: String, name: String, microjoules: String, range: String? = "262143328850",
        at directory: String? = nil
    ) throws {
        let place = directory ?? "sys/class/powercap/\(device)"
        try write(under: place, ["name": name, "energy_uj": microjoules, "enabled": "0"])
        if let range { try write("\(place)/max_energy_range_uj", range + "\n") }
    }

    /// The flat path of a zone's counter.
    func counter(_ device: String) -> String { "sys/class/powercap/\(device)/energy_uj" }

    var domains: EnergyDomainTree { RAPLProbe(root: root).tree() }
}

extension EnergyDomainTree {
    /// Roles by identifier, for comparing whole trees.
    var roles: [String: EnergyDomain.Role] {
        Dictionary(domains.map { ($0.identifier, $0.role) }, uniquingKeysWith: { first, _ in first })
    }

    var identifiers: [String] { domains.map(\.identifier) }
}
