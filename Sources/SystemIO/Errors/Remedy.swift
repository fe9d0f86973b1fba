/// Advice on an error or a missing value.
///
/// Libraries know no command-line option. A remedy that needs one is a case here, and the command line turns it into
/// the option's name; ``description`` is the text without it.
public enum Remedy: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringInterpolation {
    /// Advice that names no option of Kerf.
    case text(String)
    /// Reduce other load and heat, or give the run more time.
    case quietBoxOrLongerBudget
    /// Give the control group more processor time, or take fewer threads.
    case largerQuotaOrFewerThreads
    /// Name one of the columns that the file has.
    case nameColumn
    /// Run the estimator's self-test, which writes the file.
    case runEstimatorSelfTest
    /// Permit user namespaces, or examine the capture without them.
    case userNamespaces
    /// Unpack a capture and examine its tree.
    case unpackCapture
    /// Record the box once more.
    case recordCapture
    /// Compute in f32, or with the engine that multiplies bf16 on any processor.
    case f32OrOwnProducts
    /// Compute with the engine that multiplies by quantized weights.
    case ownProducts
    /// Keep the weights of all blocks in memory.
    case allWeights
    /// Name the format into which weights are to be quantized.
    case weightFormat
    /// Measure against a virtual board.
    case virtualBoard
    /// Run without binding threads to processors.
    case withoutPinning
    /// Give a program more time for its answers.
    case longerAnswers
    /// Let a program serve its step to Kerf.
    case markedProgram
    /// Profile with a batch that the micro-batches divide.
    case largerBatch
    /// Profile both boxes with the same model and training step.
    case sameWorkload
    case inferenceOrTrainingStep
    /// Choose the workload of a calibration, where the profiles are of several.
    case chooseWorkload
    /// Profile workloads on both sides of the one that is asked for.
    case profileMoreWorkloads
    /// Decide at level B, which uses measured times and needs no frequency.
    case measuredTimes
    /// Declare the server's power, or give energy no weight.
    case declaredServerPower
    /// Count the server's computing energy only.
    case computingEnergyOnly
    /// Leave the device's energy out.
    case serverEnergyOnly
    /// Measure the link's round trip, or declare the link.
    case declaredLink
    /// Run on the host of this virtual machine, or measure against a virtual board.
    case hostOrVirtualBoard
    /// Use a power sensor of the board, or a virtual board.
    case powerSensorOrVirtualBoard
    /// Profile a box and calibrate it again, since it is not what it was or what was measured cannot be used.
    case calibrateAgain
    /// Decide once more, from the calibrations as they are.
    case decideAgain
    /// Name a server and a link, so that cuts can be decided.
    case serverAndLink
    /// Measure the link between the box and the server, or declare one for all boxes.
    case linkToServer
    /// Examine the running system instead of a tree of files.
    case runningSystem
    /// Name the power rails that add up to the box.
    case nameRails
    /// Name power rails that all report energy, or all report power.
    case railsOfOneKind
    /// Restore frequency limits that a run left changed; `root` for a tree other than the running system's.
    case restoreFrequency(root: String?)
    /// Start a virtual board; `root` for the one that is to run again.
    case startBoard(root: String?)
    /// Make a doctor's report first.
    case makeDoctorReport
    /// Make keys for server and devices, or name the folder that holds them.
    case makeKeys
    /// Make new keys for a device.
    case makeDeviceKeys(name: String)
    /// A remedy for one of several subjects of a message.
    indirect case of(String, Remedy)
    /// Several remedies, all of which may be needed.
    indirect case all([Remedy])

    public init(stringLiteral value: String) { self = .text(value) }

    public var description: String {
        switch self {
        case .text(let text): text
        case .quietBoxOrLongerBudget: "free the box of other load or heat, or profile for longer"
        case .largerQuotaOrFewerThreads: "raise the control group's quota, or use fewer threads"
        case .nameColumn: "name one of them"
        case .runEstimatorSelfTest: "run the estimator's self-test first"
        case .withoutPinning: "do not pin threads"
        case .longerAnswers: "allow the program more time for an answer"
        case .markedProgram: "let the program serve its step to Kerf, as docs/programs.md shows"
        case .largerBatch: "profile with a larger batch, or decide with fewer micro-batches"
        case .sameWorkload:
            "profile both boxes with the same model, batch, sequence length, LoRA rank and LoRA targets"
        case .inferenceOrTrainingStep: "decide for inference, or profile a training step"
        case .chooseWorkload: "choose its batch, sequence length and LoRA rank"
        case .profileMoreWorkloads: "choose one within, or profile one beyond it"
        case .measuredTimes: "decide at level B, which uses measured times"
        case .declaredServerPower: "declare the server's power, or give delay all the weight"
        case .computingEnergyOnly: "profile the server with a meter, or count its computing energy only"
        case .serverEnergyOnly: "profile the device with a meter, or leave its energy out"
        case .declaredLink: "run iperf3 on Linux, or declare the link"
        case .userNamespaces: "permit user namespaces, or unpack the capture with tar and use its tree"
        case .unpackCapture: "unpack the capture with tar and use its tree"
        case .recordCapture: "record the box again"
        case .f32OrOwnProducts: "compute in f32, or in bf16 with Kerf's own products"
        case .ownProducts: "compute with Kerf's own products"
        case .allWeights: "keep the weights of all blocks in memory"
        case .weightFormat: "name the format into which they are to be quantized, or give a quantized GGUF file"
        case .virtualBoard: "measure against a virtual board"
        case .hostOrVirtualBoard: "run on the machine itself, or measure against a virtual board"
        case .powerSensorOrVirtualBoard: "use a power sensor of the board (lm-sensors), or a virtual board"
        case .calibrateAgain: "profile it and calibrate it again"
        case .decideAgain: "decide again"
        case .serverAndLink: "name a server and a link, or collect the box's decision"
        case .linkToServer: "measure its link to the server, or name a link for all boxes"
        case .runningSystem: "examine the running system"
        case .nameRails: "name the rails that add up to the box and do not contain each other"
        case .railsOfOneKind: "name rails that all report energy, or all report power"
        case .restoreFrequency: "restore the frequency limits"
        case .startBoard(nil): "start a virtual board"
        case .startBoard(let root?): "start the virtual board in \(root) again"
        case .makeDoctorReport: "make a doctor's report first"
        case .makeKeys: "make keys first, or give the folder that holds them"
        case .makeDeviceKeys(let name): "make new keys for \(name)"
        case .of(let subject, let remedy): "\(subject): \(remedy)"
        case .all(let remedies): remedies.map(\.description).joined(separator: "; ")
        }
    }
}
