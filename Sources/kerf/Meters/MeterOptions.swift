import ArgumentParser

/// Which meter measures energy.
struct MeterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Measure energy on the virtual box at this directory.", valueName: "dir"))
    var board: String?

    @Option(
        help: ArgumentHelp(
            "Measure energy by this only: perf, powercap, hwmon or battery. (default: the first that can be had)",
            valueName: "name"))
    var meter: MeterRung?

    @Option(
        help: ArgumentHelp(
            "Power rails of hwmon chips that add up to the box and contain no other, where Kerf does not know them.",
            valueName: "list"))
    var rails: String?

    @Option(
        help: ArgumentHelp(
            "Compute energy from declared watts instead of a meter; every figure of it is labelled modelled.",
            valueName: "idle=W,busy=W"), transform: { try PowerModel(parsing: $0) })
    var powerModel: PowerModel?

    func validate() throws {
        guard board != "" else { throw ValidationError("--board is empty; name a directory") }
        guard railNames.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError("--rails names an empty rail; example: --rails VDD_GPU,VDD_CPU")
        }
        guard powerModel == nil || (board == nil && meter == nil && rails == nil) else {
            throw ValidationError("--power-model stands in for a meter; leave out --board, --meter and --rails")
        }
        guard rails == nil || meter == nil || meter == .hwmon else {
            throw ValidationError("--rails belongs to --meter hwmon, not --meter \(meter?.rawValue ?? "")")
        }
    }

    var railNames: [String] {
        rails.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
    }

    /// Rails that were named are wanted.
    var rung: MeterRung? { meter ?? (rails == nil ? nil : .hwmon) }
}
