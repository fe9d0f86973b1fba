import Calibration
import ProfileFormat
import Quantities

/// A calibration: layers, kernels, frequency laws and what they rest on.
struct CalibrationSection {
    let calibration: Calibration
    /// Those of its profiles that are on the page.
    let profiles: [Profile]

    init(_ calibration: Calibration, profiles: [Profile]) {
        (self.calibration, self.profiles) = (calibration, profiles)
    }

    func section(named name: String) -> Section {
        let count = calibration.provenance.count
        return Section(
            title: "Calibration \(name)",
            subtitle: calibration.heading("Calibration") + "from \(count == 1 ? "1 profile" : "\(count) profiles")",
            statements: Trust(calibration: calibration).statements(
                disturbances: profiles.count == count
                    ? Disturbances(joining: profiles.compactMap(\.disturbances)) : nil,
                failures: nil),
            figures: Self.figures(calibration, profiles: profiles), tables: [Self.stepTable(calibration)],
            remarks: calibration.warnings)
    }

    /// - Parameter profiles: those whose samples are drawn.
    static func figures(_ calibration: Calibration, profiles: [Profile]) -> [Figure] {
        let layers = LayerFigures(calibration: calibration, profiles: profiles)
        return [layers.times] + [layers.energies, layers.roofline].compactMap(\.self)
            + FrequencyFigures.all(calibration, profiles: profiles)
    }

    static func stepTable(_ calibration: Calibration) -> (title: String, table: DataTable) {
        var table = DataTable([
            .init("whole step", isText: true), .init("value"), .init("field", isText: true),
            .init("origin", isText: true),
            .init("samples"),
        ])
        let step = calibration.step
        let rows: [(String, Quantity?, String, String)] = [
            ("time", step.timeSeconds, "s", "step.time_seconds"),
            ("gross energy", step.grossEnergyJoules, "J", "step.gross_energy_joules"),
            ("net energy", step.netEnergyJoules, "J", "step.net_energy_joules"),
            ("gross power", step.grossPowerWatts, "W", "step.gross_power_watts"),
            ("idle power", calibration.idlePowerWatts, "W", "idle_power_watts"),
            (
                "energy between layers", calibration.attribution?.inSituEnergyJoules, "J",
                "attribution.in_situ_energy_joules"
            ),
            (
                "energy of repeated layers", calibration.attribution?.loopedEnergyJoules, "J",
                "attribution.looped_energy_joules"
            ),
        ]
        for (name, quantity, unit, field) in rows {
            guard let quantity else { continue }
            table.append([
                name, DataTable.cell(quantity, unit), field, quantity.origin.rawValue, "\(quantity.count)",
            ])
        }
        return ("The whole step", table)
    }
}
