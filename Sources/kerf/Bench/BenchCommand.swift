import ArgumentParser

/// `kerf bench`: how fast Kerf's own kernels are.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast Kerf's own kernels are on this box.",
        subcommands: [BenchLayerCommand.self, BenchStepCommand.self])
}
