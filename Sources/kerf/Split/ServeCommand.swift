import ArgumentParser
import CommandSupport
import Instrumentation
import Logging
import ModelFiles
import SplitTraining
import SystemIO
import SystemPackage
import TransformerKernels

/// `kerf serve`: the server's side of split training.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve split training: run the upper layers of a model for devices that run the lower ones.",
        discussion: """
            Devices take turns. The state is kept in --state and survives a crash at any moment: start the server again \
            with the same folder. The first device decides how the model is trained; the others must ask for the same.

            EXAMPLE
              kerf keys init --out keys --host 192.0.2.7
              kerf keys device pi-4 --keys keys
              kerf serve --model smollm2-135m --weights SmolLM2.gguf --keys keys --listen 0.0.0.0:4433 --state state
            """)

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("Seed of random weights.", valueName: "number"))
    var weightsSeed: UInt64 = 1

    @Option(help: ArgumentHelp("Folder that `kerf keys init` made.", valueName: "dir"))
    var keys: String?

    @Flag(help: "Serve without keys and TLS, on this machine only.")
    var insecure = false

    @Option(help: ArgumentHelp("Address and port to listen on; port 0 takes a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:4433"

    @Option(help: ArgumentHelp("Folder of the training's state; made if it does not exist.", valueName: "dir"))
    var state: String

    @Option(help: ArgumentHelp("Adapters in PEFT's format to start a new training from.", valueName: "dir"))
    var adapters: String?

    @Option(help: ArgumentHelp("Time after which a silent device loses its turn.", valueName: "seconds"))
    var silence = 60.0

    @OptionGroup var engine: EngineOptions

    @OptionGroup(title: "Energy") var metering: MeterOptions

    @Flag(help: "Let devices set this box's frequency for their turn; it is restored after each.")
    var allowFrequency = false

    @Flag(help: .hidden)
    var exitWithParent = false

    @Flag(help: "Print events as JSON lines.")
    var json = false

    func validate() throws {
        guard (keys == nil) == insecure else { throw ValidationError("give either --keys or --insecure") }
        guard silence >= 1, silence <= 86400 else {
            throw ValidationError("--silence must be between 1 and 86400 seconds, not \(silence)")
        }
    }

    func run() throws {
        try ErrorReport.reportingInterruptibly {
            let address = try HostPort(parsing: listen)
            let security = try SplitSecurity.server(keys: keys)
            let source = try model.open(seed: weightsSeed)
            let terms = RunTerm.model(
                source.config,
                weights: try model.weightIdentity(seed: weightsSeed))
            let folder = try StateFolder(path: state)
            let start = try adapters.map { try PEFTFolder.read($0, model: source.config) }
            let selection = try MeterSelection.choose(metering.request)
            defer { selection.close() }
            let frequency = allowFrequency ? try FrequencyHold(root: selection.root) : nil
            let server = try TrainingServer(
                source: source, folder: folder,
                configuration: .init(
                    model: terms, silenceSeconds: silence, adapters: start,
                    meter: try RunMeter.ofCommand(selection, sharesBox: address.isLoopback), frequency: frequency,
                    activationCheckpointing: engine.activationCheckpointing),
                logger: Logger(label: "kerf"),
                engine: engine.maker(quantized: source.isQuantized))
            let lines = ServeLines(json: json)
            let frames = try FrameServer(listen: address, security: security, refused: lines.refused)
            let outcome = Result {
                try AsynchronousWork.runInterruptibly(remedy: "start it again with the same state") {
                    try await serve(frames, server, address.host, lines)
                }
            }
            do { try frequency?.release() } catch {
                // Why it ended comes after it: a changed frequency is the more urgent.
                if case .failure(let reason) = outcome {
                    StandardError.write("kerf: warning: the server ended: \(reason)\n")
                }
                throw error
            }
            try outcome.get()
        }
    }

    private func serve(
        _ frames: FrameServer, _ server: TrainingServer, _ host: String, _ lines: ServeLines
    ) async throws {
        let parent = exitWithParent ? ParentProcess() : nil
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let parent {
                group.addTask {
                    while !parent.hasGone { try await Task.sleep(for: .milliseconds(200)) }
                    throw KerfError(.interrupted, "the process that started this server has ended")
                }
            }
            group.addTask {
                try await frames.run { channel, peer in
                    lines.connected(peer)
                    do {
                        switch peer.method {
                        case .exchange:
                            try await ReadAheadChannel.with(channel) {
                                try await server.serve(
                                    FrameMessageChannel($0), device: peer.name, sharesBox: peer.isOnThisBox,
                                    checkAgain: peer.checkAgain)
                            }
                        case .link: try await LinkEcho.serve(channel)
                        }
                        lines.ended(peer, nil)
                    } catch {
                        lines.ended(peer, error)
                        throw error
                    }
                }
            }
            do {
                lines.listening(host: host, port: try await frames.port)
            } catch {
                // Why it does not listen is the error of the other task.
                try await group.waitForAll()
                throw error
            }
            try await group.waitForAll()
        }
    }
}
