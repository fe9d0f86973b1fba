import ProbeKit
import SystemIO

/// Selects the first available backend, most accurate first.
package struct MeterSelector {
    package let root: SystemRoot
    /// Power rails that add up to the box; empty to derive them.
    package var rails: [String] = []

    package init(root: SystemRoot, rails: [String] = []) {
        self.root = root
        self.rails = rails
    }

    /// A meter that was seen to be alive.
    package struct Selected {
        package let backend: MeterBackend
        package let meter: any EnergyMeter
        package let observation: MeterObservation
    }

    /// The first available meter, or that of one backend only. Takes the time of a ``MeterObservation``.
    ///
    /// - Throws: the reasons of all backends that were tried; see ``MeterReasons``.
    package func meter(of requested: MeterBackend? = nil) throws(KerfError) -> Selected {
        var reasons = MeterReasons()
        for backend in requested.map({ [$0] }) ?? MeterBackend.allCases {
            do throws(KerfError) {
                return try select(backend)
            } catch {
                reasons.add(backend, error)
            }
        }
        throw reasons.error
    }

    func select(_ backend: MeterBackend) throws(KerfError) -> Selected {
        if root.isRecording { throw recorded(backend) }
        let meter = try backend.open(in: root, rails: rails)
        return Selected(backend: backend, meter: meter, observation: try MeterObservation(of: meter))
    }

    /// Why a backend is no meter in a recording: nothing in it changes, also where the box has one.
    private func recorded(_ backend: MeterBackend) -> KerfError {
        let availability = backend.availability(in: root, rails: rails)
        guard availability.status == .present else { return KerfError(availability) }
        return KerfError(
            .staleReading, "\(availability.reason); these files are a recording, in which no value changes",
            remedy: .runningSystem)
    }
}
