import ArgumentParser
import CARD
import Calibration
import SplitTraining
import SystemIO

/// What deciding anew before every turn needs.
package struct AdaptOptions: ParsableArguments {
    package init() {}

    @Flag(help: "Decide the cut anew before every turn, from the link as it was measured in the turn before.")
    package var adapt = false

    @Option(help: ArgumentHelp("Calibration of this device, for --adapt.", valueName: "calibration.json"))
    package var device: String?

    @Option(help: ArgumentHelp("Calibration of the server, for --adapt.", valueName: "calibration.json"))
    package var serverCalibration: String?

    @Option(
        help: ArgumentHelp(
            "The link to begin with, for --adapt: a profile by `kerf link`, or up=20mbit,down=80mbit,rtt=20ms.",
            valueName: "link.json|link"), transform: LinkOptions.source)
    package var link: LinkOptions.Source?

    @Option(help: "Weight of delay, 0 to 1, for --adapt; the rest is the weight of the server's energy.")
    package var weight = Decider.defaultWeight

    package func validate() throws {
        let given = [
            ("--device", device != nil), ("--server-calibration", serverCalibration != nil), ("--link", link != nil),
        ]
        if adapt {
            if let (name, _) = given.first(where: { !$0.1 }) { throw ValidationError("--adapt needs \(name)") }
        } else {
            if let (name, _) = given.first(where: \.1) { throw ValidationError("\(name) belongs to --adapt") }
        }
    }

    /// - Parameter turnSteps: local steps of a turn.
    package func policy(
        _ settings: TrainingSettings, hiddenSize: Int, turnSteps: Int, setsFrequency: Bool
    ) throws -> AdaptiveCut {
        guard let link, let device, let serverCalibration else {
            throw KerfError(.internalError, "--adapt was not checked")
        }
        let decider = Decider(
            link: try link.resolved(), weight: weight, steps: turnSteps, microBatches: settings.microBatches,
            exchange: CutExchange(wire: settings.wire, hiddenSize: hiddenSize))
        return AdaptiveCut(
            decider: decider, device: try KerfJSON.read(Calibration.self, at: device).file,
            server: try KerfJSON.read(Calibration.self, at: serverCalibration).file, setsFrequency: setsFrequency)
    }
}
