import ArgumentParser
import Instrumentation
import SystemIO

/// Energy meter of a run.
package struct MeterOptions: ParsableArguments {
    package init() {}

    @Option(help: ArgumentHelp("Measure energy on the virtual board at this directory.", valueName: "dir"))
    package var board: String?

    @Option(
        help: ArgumentHelp(
            "Measure energy with this meter only. (default: the first available)",
            valueName: "name"))
    package var meter: MeterBackend?

    @Option(
        help: ArgumentHelp(
            "Power rails of hwmon chips that add up to the box without overlap, if Kerf does not know the box.",
            valueName: "list"))
    package var rails: String?

    @Option(
        help: ArgumentHelp(
            "Compute energy from declared watts instead of a meter; it is labeled modelled.",
            valueName: "idle=W,busy=W"), transform: Self.powerModel)
    package var powerModel: PowerModel?

    package func validate() throws {
        guard board != "" else { throw ValidationError("--board is empty; name a directory") }
        guard railNames.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError("--rails has an empty name; example: --rails VDD_GPU,VDD_CPU")
        }
        guard powerModel == nil || (board == nil && meter == nil && rails == nil) else {
            throw ValidationError("--power-model replaces a meter; leave out --board, --meter and --rails")
        }
        guard rails == nil || meter == nil || meter == .hwmon else {
            throw ValidationError("--rails belongs to --meter hwmon, not --meter \(meter?.rawValue ?? "")")
        }
    }

    /// The first option that is given, for a run without a meter.
    package var firstGiven: String? {
        [
            ("--board", board != nil), ("--meter", meter != nil), ("--rails", rails != nil),
            ("--power-model", powerModel != nil),
        ].first(where: \.1)?.0
    }

    private var railNames: [String] {
        rails.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
    }

    package var request: MeterRequest {
        MeterRequest(board: board, backend: meter, rails: railNames, powerModel: powerModel)
    }

    @Sendable private static func powerModel(_ text: String) throws -> PowerModel {
        do throws(KerfError) {
            return try PowerModel(parsing: text)
        } catch {
            throw ValidationError("--power-model: \(error)")
        }
    }
}

extension MeterBackend: ExpressibleByArgument {}
