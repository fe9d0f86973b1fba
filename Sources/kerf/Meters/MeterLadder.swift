import ProbeKit

/// Climbs down the rungs until one delivers.
struct MeterLadder {
    let root: SystemRoot
    /// Rails that add up to the box, where its owner named them.
    var rails: [String] = []

    /// The first meter that can be had.
    ///
    /// - Throws: the error of powercap when no rung delivers, since that is the one a remedy usually helps, with a word
    ///   about the others.
    func meter() throws(ProbeError) -> (rung: MeterRung, meter: any EnergyMeter) {
        var failures: [MeterRung: ProbeError] = [:]
        for rung in MeterRung.allCases {
            do throws(ProbeError) {
                return (rung, try rung.open(in: root, rails: rails))
            } catch {
                failures[rung] = error
            }
        }
        guard let usual = failures[.powercap] else { throw ProbeError(.vanished, "no energy meter") }
        throw usual
    }

    /// A meter of one rung only.
    func meter(of rung: MeterRung?) throws(ProbeError) -> any EnergyMeter {
        guard let rung else { return try meter().meter }
        return try rung.open(in: root, rails: rails)
    }
}
