import ProbeKit
import ProfileFormat
import Quantities
import RAPL
import SystemIO
import VirtualBoard

extension DoctorReport {
    /// The energy domains of a box and its total.
    package struct EnergySection: Codable, Equatable, Sendable {
        /// `measured`, `simulated`, `recorded` for a tree of files, or `unavailable` without a meter.
        package var origin: Origin
        /// The backend that was selected; `nil` without a meter.
        package var meter: String?
        /// The virtual board or the recording, or why there is no meter.
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
            let survey = MeterSurvey(root: root)
            backends = survey.answers.map { Backend($0.backend, $0.availability, words) }
            guard let used = survey.used else {
                origin = .unavailable
                reason = survey.reason
                domains = probe.tree().domains.map { Domain($0) }
                return
            }
            if let index = survey.answers.firstIndex(where: { $0.backend == used.backend }) {
                backends[index].used = true
            }
            origin = used.origin
            meter = used.name
            totalFormula = used.tree.totalFormula
            domains = used.tree.domains.map { Domain($0) }
            updateIntervalSeconds = used.observation?.updateIntervalSeconds.value
            resolutionJoules = used.observation?.resolutionJoules.value
            reason = Self.note(on: used.origin, root)
        }

        /// Where the numbers come from, unless they are measured.
        private static func note(on origin: Origin, _ root: SystemRoot) -> String? {
            switch origin {
            case .simulated:
                let marker = VirtualBoard.marker(in: root)
                let board = marker?.summary ?? "virtual board"
                return marker?.isServed == true ? board : board + ", not served now: its counters do not change"
            case .recorded: return "a recording, in which no value changes: nothing can be measured"
            case .measured, .modelled, .unavailable: return nil
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
            case .recorded: "recorded, not measured: the box has \(meter ?? "a meter"); \(reason ?? "a recording")"
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
