import ArgumentParser
import CARD
import CollectedFiles
import SystemIO

/// Whether and how the cuts of a fleet's boxes are decided anew.
package struct FleetOptions: ParsableArguments {
    package init() {}

    @Option(
        help: ArgumentHelp("Calibration of the server that cuts are decided with.", valueName: "calibration.json"),
        completion: .file())
    package var server: String?

    @Option(
        help: ArgumentHelp(
            "Link of boxes that have measured none: by kerf link, or rates and round trip, up=20mbit,down=80mbit,rtt=20ms.",
            valueName: "link.json|link"), transform: LinkOptions.source)
    package var link: LinkOptions.Source?

    @OptionGroup package var objective: ObjectiveOptions

    package func validate() throws {
        guard server != nil || link == nil else { throw ValidationError("--link needs --server, the link's other end") }
        guard (0...1).contains(objective.weight) else {
            throw ValidationError("--weight must be between 0 and 1, not \(objective.weight)")
        }
    }

    /// The files that are read.
    package var inputs: [String] {
        var inputs = [server].compactMap(\.self)
        if case .profile(let path)? = link { inputs.append(path) }
        return inputs
    }

    /// - Returns: `nil` without a server: cuts are those of the decisions that were collected.
    package func decider() throws -> FleetDecider? {
        guard let server else { return nil }
        return FleetDecider(
            server: try Decider.Side(path: server), named: server, link: try link?.resolved(), weight: objective.weight,
            account: objective.energy)
    }
}
