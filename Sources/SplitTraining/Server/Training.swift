import CMalloc
import ModelFiles
import SystemIO
import TransformerKernels
import Workload

/// The durable training of a server.
actor Training {
    private let model: ModelConfig
    private let folder: StateFolder
    private let configuration: TrainingServer.Configuration
    private(set) var state: TrainingState?
    /// Whether a turn has begun and not ended. Its settings stay.
    private var isTurnRunning = false

    /// - Throws: ``KerfError/Code/mismatch`` when the folder's training is of another model.
    init(model: ModelConfig, folder: StateFolder, configuration: TrainingServer.Configuration) throws {
        self.model = model
        self.folder = folder
        self.configuration = configuration
        state = try folder.load(config: model)
        if let state {
            try RunTerm.checkEqual(
                state.model, of: "the training in \(folder.path)", configuration.model, of: "the server")
        }
    }

    /// Admits a device: the first one begins the training with its settings.
    ///
    /// A greeting alone binds nothing: before the first turn another device may replace the settings, and a device may change
    /// its data as long as it has made no step.
    ///
    /// - Parameter isNew: whether the device refuses to go on with a training.
    /// - Returns: the device's progress.
    /// - Throws: ``KerfError/Code/mismatch`` with the name of what differs.
    func admit(
        _ device: String, model terms: [RunTerm], settings: TrainingSettings, dataSHA256: String, steps: Int,
        isNew: Bool
    ) throws -> DeviceProgress {
        try RunTerm.checkEqual(terms, of: "the device", configuration.model, of: "the server")
        if isNew, let made = state?.modelSteps, made > 0 {
            throw KerfError(
                .mismatch, "the server's training has made \(made) steps already, and a new one is needed",
                remedy: "start the server with a new state")
        }
        guard steps <= TrainingState.maximumSteps else {
            throw KerfError(.invalidArgument, "\(steps) steps are more than \(TrainingState.maximumSteps)")
        }
        var state = try self.state ?? initial(settings)
        if state.modelSteps == 0, !isTurnRunning, state.settings != settings { state = try initial(settings) }
        try RunTerm.checkEqual(settings.terms, of: "the device", state.settings.terms, of: "the server's training")
        let known = state.devices[device].flatMap { $0.steps > 0 ? $0 : nil }
        let progress = known ?? DeviceProgress(dataSHA256: dataSHA256)
        guard progress.dataSHA256 == dataSHA256 else {
            throw KerfError(
                .mismatch, "the device trains on other data than before",
                remedy: "use the data that it began with, or a new training")
        }
        guard progress.steps <= steps else {
            throw KerfError(
                .mismatch, "the device has made \(progress.steps) steps already, more than \(steps)",
                remedy: "ask for more steps, or begin a new training")
        }
        if state.devices[device] != progress || state.settings != self.state?.settings {
            state.devices[device] = progress
            try folder.commit(state)
        }
        self.state = state
        return progress
    }

    /// Begins a turn of an admitted device. One turn runs at a time.
    ///
    /// - Parameter settings: that the device greeted with.
    /// - Returns: the state that the turn starts from.
    /// - Throws: ``KerfError/Code/mismatch`` where another device has replaced the settings since.
    func beginTurn(of device: String, _ settings: TrainingSettings) throws -> (TrainingState, DeviceProgress) {
        guard let state else {
            throw KerfError(.internalError, "a turn was asked for before the training began")
        }
        try RunTerm.checkEqual(settings.terms, of: "the device", state.settings.terms, of: "the server's training")
        guard let progress = state.devices[device] else {
            throw KerfError(
                .outdated, "the training was begun anew since the greeting", remedy: "start the device again")
        }
        isTurnRunning = true
        return (state, progress)
    }

    /// Ends the turn, committed or not. Its tensors are free by now and lie between what lives longer: their pages go back
    /// to the system, so that a server with many devices does not grow with each of them.
    func endTurn() {
        isTurnRunning = false
        malloc_trim(0)
    }

    /// Adds a turn: the state after it replaces the one before, in memory and on disk.
    ///
    /// - Parameters:
    ///   - blocks: of all blocks.
    ///   - before: the device's progress when the turn began.
    /// - Throws: ``KerfError/Code/outdated`` where the device has greeted with other data since.
    func commit(_ blocks: [AdapterState], device: String, after before: DeviceProgress, losses: [Double]) throws {
        guard var state, state.devices[device] == before else {
            throw KerfError(
                .outdated, "the device has greeted anew since its turn began", remedy: "start the device again")
        }
        var progress = before
        progress.losses += losses
        state.devices[device] = progress
        state.blocks = blocks
        state.modelSteps += losses.count
        state.turns += 1
        try folder.commit(state)
        self.state = state
    }

    private func initial(_ settings: TrainingSettings) throws -> TrainingState {
        let adapters = try configuration.adapters.map { adapters in
            guard adapters.lora == settings.lora else {
                throw KerfError(.mismatch, "the adapters to start from have another rank, alpha or other targets")
            }
            return adapters
        }
        let blocks = (0..<model.blockCount).map { block in
            AdapterState(
                untrained: adapters?[block: block]
                    ?? InitialAdapters.values(model: model, lora: settings.lora, block: block, seed: settings.seed))
        }
        return TrainingState(settings: settings, model: configuration.model, blocks: blocks)
    }
}
