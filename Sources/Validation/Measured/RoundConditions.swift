import Quantities

/// What the rounds were measured with.
package struct RoundConditions: Codable, Sendable, Hashable {
    /// The link that the device imitated, as it was asked for; `nil` for the link as it was.
    package var linkShape: String?
    package var device: MeteredSide
    package var server: MeteredSide

    package init(linkShape: String? = nil, device: MeteredSide, server: MeteredSide) {
        self.linkShape = linkShape
        self.device = device
        self.server = server
    }

    /// The meter of one side.
    package struct MeteredSide: Codable, Sendable, Hashable {
        /// `unavailable` without a meter.
        package var energyOrigin: Origin
        /// The virtual board that replaced meter and frequency control.
        package var virtualBoard: String?

        package init(energyOrigin: Origin, virtualBoard: String? = nil) {
            self.energyOrigin = energyOrigin
            self.virtualBoard = virtualBoard
        }
    }

    /// The origin of a term's measured values. A shaped link makes transfers and delay simulated; a virtual board, whose
    /// frequency slows the process, makes its side's times and energies so.
    package func origin(of term: Term) -> Origin {
        let link: Origin = linkShape == nil ? .measured : .simulated
        let (device, server) = (Self.times(of: device), Self.times(of: server))
        return switch term {
        case .delay, .overhead: Origin.weakest([link, device, server])
        case .uplink, .downlink, .adapters: link
        case .device: device
        case .server: server
        case .deviceEnergy: self.device.energyOrigin
        case .serverEnergy: self.server.energyOrigin
        }
    }

    /// The weakest of everything that was measured. A meter that was not there weakens nothing.
    package var origin: Origin {
        Origin.weakest(Term.allCases.map(origin(of:)).filter { $0 != .unavailable })
    }

    private static func times(of side: MeteredSide) -> Origin { side.virtualBoard == nil ? .measured : .simulated }
}
