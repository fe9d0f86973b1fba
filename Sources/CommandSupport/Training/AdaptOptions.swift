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

    @Option(
        help: ArgumentHelp(
            "Weight of delay, 0 to 1, for --adapt; the rest is that of the server's energy. (default: \(Decider.defaultWeight))",
            valueName: "number"))
    package var weight: Double?

    @OptionGroup(title: "Limits of --adapt") package var limitOptions: LimitOptions

    package func validate() throws {
        let given = [
            ("--device", device != nil), ("--server-calibration", serverCalibration != nil), ("--link", link != nil),
        ]
        if adapt {
            if let (name, _) = given.first(where: { !$0.1 }) { throw ValidationError("--adapt needs \(name)") }
        } else {
            let others = given + [("--weight", weight != nil)]
            if let name = others.first(where: \.1)?.0 ?? limitOptions.firstGiven {
                throw ValidationError("\(name) belongs to --adapt")
            }
        }
    }

    /// - Parameter turnSteps: local steps of a turn.
    /// - Throws: ``KerfError/Code/mismatch`` for a calibration of another model or training step.
    package func policy(_ setup: TrainingSetup, turnSteps: Int, setsFrequency: Bool) throws -> AdaptiveCut {
        guard let link, let device, let serverCalibration else {
            throw KerfError(.internalError, "--adapt was not checked")
        }
        let calibrations = try [device, serverCalibration].map { path in
            let calibration = try KerfJSON.read(Calibration.self, at: path).file
            try setup.check(calibration, of: path)
            return calibration
        }
        let decider = Decider(
            link: try link.resolved(), weight: weight ?? Decider.defaultWeight, steps: turnSteps,
            limits: try limitOptions.limits, microBatches: setup.settings.microBatches, exchange: setup.exchange)
        // A decision that cannot be made is told before anything is connected.
        _ = try decider.choose(device: calibrations[0], server: calibrations[1])
        for difference in try setup.differences(from: calibrations[0]) {
            StandardError.write("kerf: warning: \(difference)\n")
        }
        return AdaptiveCut(
            decider: decider, device: calibrations[0], server: calibrations[1], setsFrequency: setsFrequency)
    }
}
