import ProbeKit
import SystemIO

/// Climbs down the backends until one delivers.
package struct MeterSelector {
    package let root: SystemRoot
    /// Rails that add up to the box, where its owner named them.
    package var rails: [String] = []

    /// The first meter that can be had.
    ///
    /// - Throws: the error of powercap when no backend delivers, since that is the one a remedy usually helps, with a word
    ///   about the others.
    package func meter() throws(KerfError) -> (backend: MeterBackend, meter: any EnergyMeter) {
        var failures: [MeterBackend: KerfError] = [:]
        for backend in MeterBackend.allCases {
            do throws(KerfError) {
                return (backend, try backend.open(in: root, rails: rails))
            } catch {
                failures[backend] = error
            }
        }
        guard let usual = failures[.powercap] else { throw KerfError(.notFound, "no energy meter") }
        throw usual
    }

    /// A meter of one backend only.
    package func meter(of backend: MeterBackend?) throws(KerfError) -> any EnergyMeter {
        guard let backend else { return try meter().meter }
        return try backend.open(in: root, rails: rails)
    }
}
