import Markers
import ModelFiles
import ProfileFormat
import Profiling
import SystemIO
import TransformerKernels
import Workload

/// What a run profiles: a model that Kerf's own kernels run, or the step of another program.
package enum ProfileSubject {
    case model(any WeightSource)
    /// A command line, and how long the program may take for an answer.
    case program([String], answerSeconds: Double)

    /// What a run does first, for its progress.
    var firstActivity: String {
        switch self {
        case .model: "roofline"
        case .program: "starting"
        }
    }
}

/// A subject that is ready to run.
enum StartedSubject {
    case model(any WeightSource, engine: any MatrixEngine)
    case program(MarkedProgram, Hello, ObservedProcess)

    /// - Parameter shouldStop: asked while a program starts and works; `true` ends the run with ``KerfError/Code/interrupted``.
    init(_ subject: ProfileSubject, _ workload: TrainingWorkload, shouldStop: @escaping () -> Bool) throws {
        switch subject {
        case .model(let source):
            self = .model(source, engine: try workload.matrixEngine(quantized: source.isQuantized))
        case .program(let command, let answerSeconds):
            let program = try MarkedProgram(command, answerSeconds: answerSeconds) { () throws(KerfError) in
                if shouldStop() { throw Interruption.failure }
            }
            let hello = try program.greet()
            self = .program(program, hello, try ObservedProcess(hello.pid))
        }
    }

    /// Ends a program.
    func stop() {
        if case .program(let program, _, _) = self { program.stop() }
    }

    var process: ObservedProcess {
        if case .program(_, _, let process) = self { process } else { .own }
    }

    /// As ``Hello/usedAccelerators``.
    var accelerators: [String]? {
        if case .program(_, let hello, _) = self { hello.usedAccelerators } else { nil }
    }

    var threadCount: Int {
        switch self {
        case .model(_, let engine): engine.threadCount
        case .program(_, let hello, _): hello.runtime.threads
        }
    }

    var engineIdentity: EngineIdentity {
        switch self {
        case .model(_, let engine):
            EngineIdentity(
                name: engine.identity.name, version: engine.identity.version,
                instructionSet: engine.identity.instructionSet)
        case .program(_, let hello, _): hello.engineIdentity
        }
    }

    var model: ModelDescription {
        switch self {
        case .model(let source, _): ModelDescription(source)
        case .program(_, let hello, _): hello.modelDescription
        }
    }

    /// What a profile says of the step.
    struct Description {
        let layers: [LayerDescription]
        let workload: WorkloadDescription
        let residency: WeightResidency
        /// Measured with the engine that runs the step; `nil` for another program's.
        let roofline: Roofline?
        /// Whether a pass can be run alone.
        let canRepeat: Bool
    }

    /// The step, which holds the model's memory, and its description.
    func prepare(_ request: ProfileRequest) throws -> (step: any ProfiledStep, description: Description) {
        switch self {
        case .model(let source, let engine):
            let stack = try request.workload.stack(source: source, engine: engine, seed: UInt64(request.seed))
            let roofline = Roofline.measured(
                engine: engine, format: stack.format, budgetSeconds: request.budgetSeconds)
            let description = Description(
                layers: LayerDescription.all(of: stack, engine: engine), workload: WorkloadDescription(stack),
                residency: stack.residency, roofline: roofline, canRepeat: true)
            return (stack, description)
        case .program(let program, let hello, _):
            let step = MarkedStep(program, hello)
            let description = Description(
                layers: hello.layerDescriptions, workload: hello.workloadDescription, residency: .resident,
                roofline: nil, canRepeat: step.canRepeat)
            return (step, description)
        }
    }

    /// The step on some processors alone, and its threads.
    ///
    /// - Throws: for a program, which chooses its processors itself.
    func stack(_ request: ProfileRequest, on processors: [Int]) throws -> (step: any ProfiledStep, threads: Int) {
        guard case .model(let source, _) = self else {
            throw KerfError(.unavailable, "a program chooses its processors itself")
        }
        let engine = try request.workload.matrixEngine(quantized: source.isQuantized, on: processors)
        let stack = try request.workload.stack(source: source, engine: engine, seed: UInt64(request.seed))
        return (stack, engine.threadCount)
    }
}
