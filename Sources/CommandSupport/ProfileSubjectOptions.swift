import ArgumentParser
import Instrumentation
import ModelFiles
import SystemPackage

/// What `kerf profile` profiles: a model that Kerf's own kernels run, or a program that runs its own step.
package struct ProfileSubjectOptions: ParsableArguments {
    package init() {}

    @Option(
        help: ArgumentHelp(
            "Name of a shipped model (an unknown name lists them), or path of a Hugging Face config.json.",
            valueName: "name|config.json"))
    package var model: String?

    @Option(
        help: ArgumentHelp(
            "Real weights: a GGUF file, or a folder with safetensors. (default: random weights)",
            valueName: "file.gguf|dir"))
    package var weights: String?

    @Option(
        help: ArgumentHelp(
            "How much longer than asked a program may take for an answer.", valueName: "seconds"))
    package var answerTimeout = 120.0

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "A program that runs the step, after --: python3 train.py.", valueName: "program arguments"))
    package var program: [String] = []

    package func validate() throws {
        guard answerTimeout > 0, answerTimeout <= 86400 else {
            throw ValidationError("--answer-timeout must be above 0 and at most 86400 seconds, not \(answerTimeout)")
        }
        if program.isEmpty {
            guard model != nil else {
                throw ValidationError("--model is missing; name one, or a program after --, as in: -- python3 train.py")
            }
        } else if model != nil || weights != nil {
            throw ValidationError("--model and --weights are Kerf's own; the program after -- has a model of its own")
        }
    }

    package func subject(seed: UInt64) throws -> ProfileSubject {
        guard let model else { return .program(program, answerSeconds: answerTimeout) }
        let config = try ModelReference.resolve(model)
        return .model(
            InterruptibleWeights(
                try WeightSources.open(config, weights: weights.map { FilePath($0) }, seed: seed)))
    }

    /// Refuses options of Kerf's own step beside a program.
    package func check(_ workload: WorkloadOptions, _ placement: PlacementOptions) throws {
        guard !program.isEmpty else { return }
        let (own, initial) = (workload, WorkloadOptions.initial)
        let given: [(String, Bool)] = [
            ("--batch", own.batch != initial.batch), ("--seq", own.seq != initial.seq),
            ("--rank", own.rank != initial.rank), ("--targets", own.targets != initial.targets),
            ("--dtype", own.dtype != initial.dtype), ("--threads", own.engine.threads != nil),
            ("--engine", own.engine.engine != nil), ("--pin", placement.pin),
            ("--residency", placement.residency != .auto),
        ]
        for (name, isGiven) in given where isGiven {
            throw ValidationError("\(name) belongs to Kerf's own step; set it in the program after --")
        }
    }
}
