import ProfileFormat

/// The power rails of a box as energy domains: which of them add up to its total.
///
/// What a rail feeds is known for some drivers only, and a rail may feed another. The first of these that the box has is its
/// total; all other rails are shown and not added:
///
/// 1. the meter of the whole box: `power_meter` (Documentation/hwmon/acpi_power_meter.rst);
/// 2. the input of the board: the only rail of an `ina3221` with the word IN in its name, such as `VDD_IN`; the chip's
///    other rails are parts of it;
/// 3. the processors' packages: `Esocket…` of `amd_energy` (its `Ecore…` are parts), `power1` of `fam15h_power`
///    (Documentation/hwmon/fam15h_power.rst), and the package of a virtual board.
///
/// Without any of them the box's owner has to name the rails that add up.
struct PowerRails: Sendable {
    let rails: [PowerRail]
    let tree: EnergyDomainTree

    /// - Parameter named: labels or identifiers of the rails that add up to the box's total; empty to derive them.
    init(_ rails: [PowerRail], named: [String]) {
        self.rails = rails
        let counted = named.isEmpty ? Self.total(among: rails) : Self.find(named, among: rails)
        let input = named.isEmpty ? counted.first.flatMap { Self.isBoardInput($0) ? $0 : nil } : nil
        tree = EnergyDomainTree(
            rails.map { rail in
                let isCounted = counted.contains { $0.identifier == rail.identifier }
                let parent = isCounted ? nil : rail.driver == "ina3221" ? input : nil
                return EnergyDomain(
                    identifier: rail.identifier, name: rail.label, parent: parent?.identifier,
                    role: isCounted ? .counted : parent == nil ? .platform : .nested)
            })
    }

    /// The rails of the total.
    var counted: [PowerRail] {
        let identifiers = Set(tree.counted.map(\.identifier))
        return rails.filter { identifiers.contains($0.identifier) }
    }

    private static func total(among rails: [PowerRail]) -> [PowerRail] {
        for tops in [rails.filter { $0.driver == "power_meter" }, rails.filter(isBoardInput)] where !tops.isEmpty {
            // With several of them it is not known whether one feeds another.
            return tops.count == 1 ? tops : []
        }
        return rails.filter(\.isPackage)
    }

    private static func isBoardInput(_ rail: PowerRail) -> Bool {
        PowerRail.isBoardInput(driver: rail.driver, label: rail.label)
    }

    /// The named rails; empty where a name matches no rail or several, so that no sum lacks a part.
    private static func find(_ names: [String], among rails: [PowerRail]) -> [PowerRail] {
        var found: [PowerRail] = []
        for name in names {
            let matches = rails.filter { $0.identifier == name || $0.label == name }
            guard matches.count == 1, let rail = matches.first else { return [] }
            if !found.contains(where: { $0.identifier == rail.identifier }) { found.append(rail) }
        }
        return found
    }
}
