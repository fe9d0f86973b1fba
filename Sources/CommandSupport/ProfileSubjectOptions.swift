import ArgumentParser
import Instrumentation

/// What `kerf profile` profiles: a model that Kerf's own kernels run, or a program that runs its own step.
package struct ProfileSubjectOptions: ParsableArguments {
    package init() {}

    @Option(help: ModelOptions.modelHelp)
    package var model: String?

    @Option(help: ModelOptions.weightsHelp)
    package var weights: String?

    @Option(help: ModelOptions.weightFormatHelp)
    package var weightFormat: WeightFormatChoice?

    @Option(
        help: ArgumentHelp(
            "How much longer than asked a program may take for an answer.", valueName: "seconds"))
    package var answerTimeout = 120.0

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "A program that runs the step, after --: python3 train.py.", valueName: "program arguments"))
    package var program: [String] = []

    /// Options that say how Kerf runs a step of its own.
    private static let ofOwnStep = [
        "--model", "--weights", "--weight-format", "--batch", "--seq", "--rank", "--targets", "--dtype", "--threads",
        "--engine", "--pin",
        "--residency", "--activation-checkpointing",
    ]

    package func validate() throws {
        guard answerTimeout > 0, answerTimeout <= 86400 else {
            throw ValidationError("--answer-timeout must be above 0 and at most 86400 seconds, not \(answerTimeout)")
        }
        guard !program.isEmpty else {
            guard model != nil else {
                throw ValidationError("--model is missing; name one, or a program after --, as in: -- python3 train.py")
            }
            return
        }
        for name in Self.ofOwnStep where ProgramArguments.hasOption(name) {
            throw ValidationError("\(name) belongs to Kerf's own step; set it in the program after --")
        }
    }

    package func subject(seed: UInt64) throws -> ProfileSubject {
        guard let model else { return .program(program, answerSeconds: answerTimeout) }
        return .model(try ModelOptions.open(model, weights: weights, weightFormat, seed: seed))
    }
}
