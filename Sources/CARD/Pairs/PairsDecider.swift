import Calibration
import Dispatch
import ProfileFormat
import Quantities
import Statistics
import Synchronization
import SystemIO

/// Decides for every pair of several devices and several servers.
public struct PairsDecider: Sendable {
    /// A device or server.
    public struct Box: Sendable {
        /// What the user calls it.
        public var name: String
        public var side: Decider.Side
        /// Memory for the layers; `nil` is no limit.
        public var memoryBytes: Double?
        /// A server's declared power in watts; see ``Decider/declaredServerWatts``.
        public var declaredWatts: Double?

        public init(
            name: String, side: Decider.Side, memoryBytes: Double? = nil, declaredWatts: Double? = nil
        ) {
            self.name = name
            self.side = side
            self.memoryBytes = memoryBytes
            self.declaredWatts = declaredWatts
        }
    }

    /// The settings of all pairs. Its link, limits of memory and declared power give way to those of each pair.
    public var decider: Decider
    public var devices: [Box]
    public var servers: [Box]
    /// The link of each pair: device by device, and for each device server by server.
    public var links: [Link]

    /// - Throws: ``KerfError/Code/invalidArgument`` without a device or server, or where a pair has no link of its own.
    public init(decider: Decider, devices: [Box], servers: [Box], links: [Link]) throws(KerfError) {
        guard !devices.isEmpty, !servers.isEmpty, links.count == devices.count * servers.count else {
            throw KerfError(
                .invalidArgument,
                "\(devices.count) devices and \(servers.count) servers need a link for each pair, not \(links.count)")
        }
        self.decider = decider
        self.devices = devices
        self.servers = servers
        self.links = links
    }

    /// Decides for all pairs, on all cores.
    ///
    /// - Throws: ``KerfError`` where no pair can be decided: the first pair's error. A pair that cannot be decided beside
    ///   others that can has the reason in its place.
    public func decide() throws(KerfError) -> Decisions {
        let outcomes = outcomes()
        let solved = outcomes.map { try? $0.get() }
        if !solved.contains(where: { $0 != nil }), case .failure(var error)? = outcomes.first {
            if outcomes.count > 1 {
                error.message =
                    "none of the \(outcomes.count) pairs can be decided; \(devices[0].name) with \(servers[0].name): "
                    + error.message
            }
            throw error
        }
        return PairsAssembly(decider: self, outcomes: outcomes, solved: solved).decisions
    }

    /// The decision of each pair, or why there is none, in the order of the pairs. Servers are not compared.
    package func decideEach() -> [Result<Decision, KerfError>] { outcomes().map { $0.map(\.decision) } }

    // MARK: - Pairs

    /// A pair's decision, and what the comparison with others needs.
    struct Solved: Sendable {
        var decision: Decision
        var model: CutModel
        var corners: CostCorners
        var deviceEnergyJoules: Quantity

        /// The chosen cut at its frequency.
        var chosen: DecidedCut? { decision.cuts.first { $0.cut == decision.choice.cut } }
    }

    typealias Outcome = Result<Solved, KerfError>

    /// What a decision depends on. Boxes with one calibration, such as phones of one kind, are decided once.
    private struct Problem: Hashable {
        var device: String
        var server: String
        var link: Link
        var limits: CutLimits
        var declaredWatts: Double?
    }

    /// In the order of the pairs.
    private func outcomes() -> [Outcome] {
        let problems = devices.indices.flatMap { device in servers.indices.map { problem(device, $0) } }
        var places: [Problem: Int] = [:]
        var distinct: [Int] = []
        let placeOfPair = problems.indices.map { pair -> Int in
            if let place = places[problems[pair]] { return place }
            places[problems[pair]] = distinct.count
            distinct.append(pair)
            return distinct.count - 1
        }
        let pairs = distinct
        let found = Mutex([Outcome?](repeating: nil, count: pairs.count))
        DispatchQueue.concurrentPerform(iterations: pairs.count) { place in
            let outcome = outcome(of: pairs[place], problems[pairs[place]])
            found.withLock { $0[place] = outcome }
        }
        let all = found.withLock { $0 }
        return placeOfPair.map { all[$0] ?? .failure(KerfError(.internalError, "a pair was not decided")) }
    }

    private func problem(_ device: Int, _ server: Int) -> Problem {
        var limits = decider.limits
        limits.deviceMemoryBytes = devices[device].memoryBytes
        limits.serverMemoryBytes = servers[server].memoryBytes
        return Problem(
            device: devices[device].side.sha256, server: servers[server].side.sha256,
            link: links[device * servers.count + server], limits: limits, declaredWatts: servers[server].declaredWatts)
    }

    private func outcome(of pair: Int, _ problem: Problem) -> Outcome {
        let (device, server) = (devices[pair / servers.count].side, servers[pair % servers.count].side)
        var decider = decider
        (decider.link, decider.limits) = (problem.link, problem.limits)
        decider.declaredServerWatts = problem.declaredWatts
        do {
            let decision = try decider.decide(device: device, server: server)
            let model = try decider.model(device: device.calibration, server: server.calibration)
            guard let serverOnly = model.cuts.first, let deviceOnly = model.cuts.last else {
                throw KerfError(.incomplete, "the model has no cut")
            }
            return .success(
                Solved(
                    decision: decision, model: model,
                    corners: CostCorners(model, serverOnly: serverOnly, deviceOnly: deviceOnly),
                    deviceEnergyJoules: try decider.deviceEnergy(of: decision, device, server)))
        } catch {
            return .failure((error as? KerfError) ?? KerfError(.internalError, "\(error)"))
        }
    }
}

extension Decider {
    /// Energy of the device's layers at a decision's cut, for a round.
    fileprivate func deviceEnergy(of decision: Decision, _ device: Side, _ server: Side) throws -> Quantity {
        let (account, cut) = (decision.energyAccount, decision.choice.cut)
        guard cut > 0 else {
            return Quantity(value: 0, origin: .modelled, reason: "no layer runs on the device")
        }
        let energies = try deviceEnergies(
            device: device.calibration, server: server.calibration, account: account)
        // Those of blocks 1...cut and the embedding, and at the last cut of the head.
        let layers = cut == decision.blockCount ? device.calibration.layers[...] : device.calibration.layers[...cut]
        let parts = layers.flatMap { [$0.forward, $0.backward] }
            .map { account == .net ? $0.netEnergyJoules : $0.grossEnergyJoules }
        guard energies.indices.contains(cut), let energy = energies[cut] else {
            let reason = parts.first { $0.value == nil }?.reason
            return .unavailable("the energy of the device's layers is not known" + (reason.map { ": \($0)" } ?? ""))
        }
        return Quantity(
            energy.scaled(by: Double(decision.steps)),
            origin: .weakest([.modelled] + parts.filter { $0.value != nil }.map(\.origin)),
            reason: "of the device's layers while they compute, \(account.rawValue)")
    }
}
