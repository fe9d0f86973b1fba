import ProbeKit
import ProfileFormat
import Quantities
import RAPL
import SystemIO
import VirtualBoard

extension DoctorReport {
    /// The energy domains of a box and its total.
    package struct EnergySection: Codable, Equatable, Sendable {
        /// `measured`, `simulated`, or `unavailable` without a meter.
        package var origin: Origin
        /// The backend that was selected; `nil` without a meter.
        package var meter: String?
        /// The virtual board, or why there is no meter.
        package var reason: String?
        /// `package-0 + package-0/dram`; `nil` without a meter.
        package var totalFormula: String?
        /// Parents before their children.
        package var domains: [Domain]
        /// The long-term power limit that the packages state.
        package var ratedPowerWatts: Double?
        /// The meter's measured update interval; `nil` where its counters do not change, as in a captured tree.
        package var updateIntervalSeconds: Double?
        /// The smallest observed step of its first counted domain; `nil` where its counters do not change.
        package var resolutionJoules: Double?
        /// Every backend, in the order in which they are tried.
        package var backends: [Backend]

        package init(root: SystemRoot, remedy words: (Remedy) -> String) {
            let probe = RAPLProbe(root: root)
            ratedPowerWatts = probe.ratedPowerWatts()
            backends = MeterBackend.allCases.map { Backend($0, $0.availability(in: root, rails: []), words) }
            do throws(KerfError) {
                let (backend, meter) = try MeterSelector(root: root).meter()
                if let used = MeterBackend.allCases.firstIndex(of: backend) { backends[used].used = true }
                self.origin = meter.origin
                self.meter = meter.name
                totalFormula = meter.tree.totalFormula
                domains = meter.tree.domains.map { Domain($0) }
                if root.isLive || VirtualBoard.marker(in: root)?.isServed == true {
                    let seen = try? MeterObservation(of: meter)
                    updateIntervalSeconds = seen?.updateIntervalSeconds.value
                    resolutionJoules = seen?.resolutionJoules.value
                }
                guard meter.origin == .simulated else { return }
                let marker = VirtualBoard.marker(in: root)
                reason = marker?.summary ?? "virtual board"
                if marker?.isServed != true {
                    reason = (reason ?? "") + ", not served now: its counters do not change"
                }
            } catch {
                origin = .unavailable
                reason = error.location.map { "\($0): \(error.message)" } ?? error.message
                domains = probe.tree().domains.map { Domain($0) }
            }
        }

        /// Update interval and resolution, where they were observed.
        private var resolution: String {
            guard let updateIntervalSeconds, let resolutionJoules else { return "" }
            return ", update interval \(NumberText.si(updateIntervalSeconds, "s")), "
                + "resolution \(NumberText.si(resolutionJoules, "J"))"
        }

        /// The report's last line.
        package var summary: String {
            switch origin {
            case .measured: "measured by \(meter ?? "a meter")\(resolution)"
            case .simulated: "simulated by virtual board (\(reason ?? ""))\(resolution)"
            case .modelled, .unavailable: "unavailable: \(reason ?? "no meter")"
            }
        }
    }

    /// A meter backend, its availability, and how to make it available.
    package struct Backend: Codable, Equatable, Sendable {
        package var name: String
        package var interface: String
        package var status: Availability.Status
        package var reason: String
        package var remedy: String?
        package var used = false

        package init(_ backend: MeterBackend, _ availability: Availability, _ words: (Remedy) -> String) {
            name = backend.rawValue
            interface = backend.interface
            status = availability.status
            reason = availability.reason
            remedy = availability.remedy.map(words)
        }
    }

    package struct Domain: Codable, Equatable, Sendable {
        /// Path of names from the top: `package-0/core`.
        package var identifier: String
        package var name: String
        package var parent: String?
        /// One of ``roles``.
        package var role: String
        package static let roles = ["counted", "nested", "platform", "external", "mirror", "unreadable"]
        /// The domain that this one mirrors.
        package var mirrorOf: String?
        /// Why the domain cannot be read.
        package var reason: String?
        package var wrapRangeJoules: Double?
        /// Upper bound of its power, which bounds how soon the counter can wrap.
        package var maximumWatts: Double?

        package init(_ domain: EnergyDomain) {
            identifier = domain.identifier
            name = domain.name
            parent = domain.parent
            wrapRangeJoules = domain.wrapRangeMicrojoules.map { Double($0) / 1e6 }
            maximumWatts = domain.maximumWatts
            switch domain.role {
            case .counted: role = "counted"
            case .nested: role = "nested"
            case .platform: role = "platform"
            case .external: role = "external"
            case .mirror(let original): (role, mirrorOf) = ("mirror", original)
            case .unreadable(let why): (role, reason) = ("unreadable", why)
            }
        }

        /// The role as text, for the tree.
        package var roleText: String {
            switch role {
            case "counted": "counted"
            case "nested": "nested: part of \(parent ?? "its parent")"
            case "platform": "platform: the whole platform, not added"
            case "external": "external: not part of the box's total"
            case "mirror": "mirror of \(mirrorOf ?? "another"): not added"
            default: "unreadable: \(reason ?? "unknown reason")"
            }
        }
    }
}
