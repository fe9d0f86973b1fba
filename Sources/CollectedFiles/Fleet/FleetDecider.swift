import CARD
import SystemIO

/// Decides the cuts of all boxes of a fleet with one server.
package struct FleetDecider: Sendable {
    private let server: PairsDecider.Box
    private let link: Link?
    private let weight: Double
    private let account: EnergyAccount

    /// - Parameters:
    ///   - name: what the user calls the server.
    ///   - link: of boxes that have measured none themselves.
    package init(
        server: Decider.Side, named name: String, link: Link?, weight: Double = Decider.defaultWeight,
        account: EnergyAccount = .net
    ) {
        self.server = PairsDecider.Box(name: name, side: server)
        (self.link, self.weight, self.account) = (link, weight, account)
    }

    /// SHA-256 of the server's calibration.
    var serverSha256: String { server.side.sha256 }

    var settings: FleetDecisionSettings {
        FleetDecisionSettings(
            server: server.name, serverSha256: serverSha256, level: .measuredLink, weight: weight,
            energyAccount: account, steps: Decider.defaultSteps, link: link)
    }

    /// A box whose cut is wanted.
    struct Device {
        var name: String
        var side: Decider.Side
        /// The link that the box has measured, and its file.
        var measured: (profile: LinkProfile, file: String)?
    }

    /// A decision for each box but the server itself, or why there is none, by the boxes' names.
    func decide(_ devices: [Device]) -> [String: Result<Decision, KerfError>] {
        var outcomes: [String: Result<Decision, KerfError>] = [:]
        var boxes: [PairsDecider.Box] = []
        var links: [Link] = []
        for device in devices where device.side.sha256 != serverSha256 {
            do throws(KerfError) {
                links.append(try self.link(of: device))
                boxes.append(PairsDecider.Box(name: device.name, side: device.side))
            } catch {
                outcomes[device.name] = .failure(error)
            }
        }
        guard let first = links.first else { return outcomes }
        do throws(KerfError) {
            let pairs = try PairsDecider(
                decider: Decider(link: first, weight: weight, account: account), devices: boxes, servers: [server],
                links: links)
            for (box, outcome) in zip(boxes, pairs.decideEach()) { outcomes[box.name] = outcome }
        } catch {
            for box in boxes { outcomes[box.name] = .failure(error) }
        }
        return outcomes
    }

    private func link(of device: Device) throws(KerfError) -> Link {
        if let measured = device.measured { return try measured.profile.link(file: measured.file) }
        guard let link else {
            throw KerfError(.unavailable, "its link to the server is not known", remedy: .linkToServer)
        }
        return link
    }
}
