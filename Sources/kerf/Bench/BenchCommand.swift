import ArgumentParser

/// `kerf bench`: benchmarks of Kerf's own kernels.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast Kerf's own kernels are on this box.",
        discussion: """
            `layer` compares Kerf with a reference in the same run; `make bench` runs all benchmarks.

            EXAMPLE
              kerf bench layer --model llama-3.2-1b --dtype bf16 --seq 512
              kerf bench step --model smollm2-135m --batch 4 --seq 256
            """,
        subcommands: [BenchLayerCommand.self, BenchStepCommand.self])
}
