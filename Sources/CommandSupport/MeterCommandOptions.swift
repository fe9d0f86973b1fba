import ArgumentParser
import SystemIO

/// A meter that another program reads.
package struct MeterCommandOptions: ParsableArguments {
    package init() {}

    @Option(
        help: ArgumentHelp(
            "Measure energy with the meter that this program reads, such as a wall plug's; it writes samples as JSON lines.",
            valueName: "program"), transform: Self.words)
    package var meterCommand: [String]?

    /// - Parameter metering: the other options of the run's meter.
    package func check(beside metering: MeterOptions) throws {
        guard meterCommand != nil else { return }
        guard metering.meter == nil, metering.rails == nil, metering.powerModel == nil else {
            throw ValidationError("--meter-command is the meter; leave out --meter, --rails and --power-model")
        }
    }

    @Sendable private static func words(_ text: String) throws -> [String] {
        do throws(KerfError) {
            return try CommandWords.split(text)
        } catch {
            throw ValidationError("--meter-command: \(error)")
        }
    }
}
