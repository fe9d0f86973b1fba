import Calibration
import ProbeKit
import RAPL
import Statistics
import VirtualBoard

extension DoctorReport {
    /// The energy domains of a box and what its total is made of.
    struct EnergySection: Codable, Equatable {
        /// `measured`, `simulated`, or `unavailable` without a meter.
        var origin: Origin
        /// The rung that was taken; `nil` without a meter.
        var meter: String?
        /// What simulates it, or why there is no meter.
        var reason: String?
        /// `package-0 + package-0/dram`; `nil` without a meter.
        var totalFormula: String?
        /// Parents before their children.
        var domains: [Domain]
        /// The long-term power limit that the packages state.
        var ratedPowerWatts: Double?
        /// How often the meter is renewed, measured now; `nil` where its counters stand still, as in a captured tree.
        var updateIntervalSeconds: Double?
        /// The smallest step seen of its first counted domain; `nil` as above.
        var resolutionJoules: Double?
        /// Every way to measure, in the order in which they are tried.
        var rungs: [Rung]

        init(root: SystemRoot) {
            let probe = RAPLProbe(root: root)
            ratedPowerWatts = probe.ratedPowerWatts()
            rungs = MeterRung.allCases.map { Rung($0, $0.availability(in: root, rails: [])) }
            do throws(ProbeError) {
                let (rung, meter) = try MeterLadder(root: root).meter()
                if let used = MeterRung.allCases.firstIndex(of: rung) { rungs[used].used = true }
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
                    reason = (reason ?? "") + ", not served now: its counters stand still"
                }
            } catch {
                origin = .unavailable
                reason = error.path.map { "\($0): \(error.message)" } ?? error.message
                domains = probe.tree().domains.map { Domain($0) }
            }
        }

        /// How finely the meter tells, as far as it was seen.
        private var sharpness: String {
            guard let updateIntervalSeconds, let resolutionJoules else { return "" }
            return ", renewed every \(NumberText.si(updateIntervalSeconds, "s")), in steps of "
                + "\(NumberText.si(resolutionJoules, "J")) and more"
        }

        /// The report's last line.
        var summary: String {
            switch origin {
            case .measured: "measured by \(meter ?? "a meter")\(sharpness)"
            case .simulated: "simulated by virtual board (\(reason ?? ""))\(sharpness)"
            case .modelled, .unavailable: "unavailable: \(reason ?? "no meter")"
            }
        }
    }

    /// One way to measure energy, whether it can be had here, and what would make it.
    struct Rung: Codable, Equatable {
        var name: String
        var interface: String
        var status: Availability.Status
        var reason: String
        var remedy: String?
        var used = false

        init(_ rung: MeterRung, _ availability: Availability) {
            name = rung.rawValue
            interface = rung.interface
            status = availability.status
            reason = availability.reason
            remedy = availability.remedy
        }
    }

    struct Domain: Codable, Equatable {
        /// Path of names from the top: `package-0/core`.
        var identifier: String
        var name: String
        var parent: String?
        /// `counted`, `nested`, `platform`, `beside`, `mirror` or `unreadable`.
        var role: String
        /// The domain that this one mirrors.
        var mirrorOf: String?
        /// Why it cannot be read.
        var reason: String?
        var wrapRangeJoules: Double?
        /// More than this it never draws; it bounds how soon the counter can wrap.
        var maximumWatts: Double?

        init(_ domain: EnergyDomain) {
            identifier = domain.identifier
            name = domain.name
            parent = domain.parent
            wrapRangeJoules = domain.wrapRangeMicrojoules.map { Double($0) / 1e6 }
            maximumWatts = domain.maximumWatts
            switch domain.role {
            case .counted: role = "counted"
            case .nested: role = "nested"
            case .platform: role = "platform"
            case .beside: role = "beside"
            case .mirror(let original): (role, mirrorOf) = ("mirror", original)
            case .unreadable(let why): (role, reason) = ("unreadable", why)
            }
        }

        /// The role in words, for the tree.
        var roleText: String {
            switch role {
            case "counted": "counted"
            case "nested": "nested: part of \(parent ?? "its parent")"
            case "platform": "platform: stands apart, never added"
            case "beside": "beside the box's total: never added"
            case "mirror": "mirror of \(mirrorOf ?? "another"): never added"
            default: "unreadable: \(reason ?? "for no stated reason")"
            }
        }
    }
}
