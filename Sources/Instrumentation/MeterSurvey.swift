import ProbeKit
import ProfileFormat
import Quantities
import SystemIO
import VirtualBoard

/// Every backend's answer, and the meter that a run would use: what the doctor shows.
package struct MeterSurvey {
    /// In the order in which they are tried.
    package private(set) var answers: [(backend: MeterBackend, availability: Availability)] = []
    package private(set) var used: Used?
    /// The reason of the meter that the user would want first; `nil` where one is used.
    package var reason: String? { used == nil ? reasons.first : nil }
    private var reasons = MeterReasons()

    package struct Used {
        package let backend: MeterBackend
        package let name: String
        package let origin: Origin
        package let tree: EnergyDomainTree
        /// `nil` where nothing changes: in a recording, and on a board that is not served.
        package let observation: MeterObservation?
    }

    /// Tries the backends until one is available. Where values can change, it was seen to be alive, as in a run.
    package init(root: SystemRoot) {
        let canChange = !root.isRecording && (root.isLive || VirtualBoard.marker(in: root)?.isServed == true)
        let selector = MeterSelector(root: root)
        for backend in MeterBackend.allCases {
            guard used == nil else {
                answers.append((backend, backend.availability(in: root, rails: [])))
                continue
            }
            do throws(KerfError) {
                used = try canChange ? Self.observed(selector, backend) : Self.described(backend, root)
                answers.append((backend, backend.availability(in: root, rails: [])))
            } catch {
                reasons.add(backend, error)
                answers.append((backend, Availability(error)))
            }
        }
    }

    private static func observed(_ selector: MeterSelector, _ backend: MeterBackend) throws(KerfError) -> Used {
        let selected = try selector.select(backend)
        return Used(
            backend: backend, name: selected.meter.name, origin: selected.meter.origin, tree: selected.meter.tree,
            observation: selected.observation)
    }

    private static func described(_ backend: MeterBackend, _ root: SystemRoot) throws(KerfError) -> Used {
        let availability = backend.availability(in: root, rails: [])
        guard availability.status == .present else { throw KerfError(availability) }
        let (name, tree) = try backend.description(in: root, rails: [])
        return Used(backend: backend, name: name, origin: root.origin, tree: tree, observation: nil)
    }
}
