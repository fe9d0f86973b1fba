import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// Compares the decisions of all pairs: the servers of each device, and rounds of all devices.
struct PairsAssembly {
    let decider: PairsDecider
    let outcomes: [PairsDecider.Outcome]
    /// The outcomes that are decisions, in the places of their pairs.
    let solved: [PairsDecider.Solved?]

    private var weight: Double { decider.decider.weight }
    private var serverCount: Int { decider.servers.count }

    var decisions: Decisions {
        let common = decider.devices.indices.map { normalizers(ofDevice: $0) }
        let pairs = outcomes.indices.map { pair($0, common[$0 / serverCount]) }
        let choices = decider.devices.indices.map { choice(ofDevice: $0, common[$0], pairs) }
        return Decisions(
            kerfVersion: KerfVersion.current, weight: weight, devices: decider.devices.map(box),
            servers: decider.servers.map(box), pairs: pairs, deviceChoices: choices, round: round,
            assumptions: assumptions, warnings: warnings(choices, common))
    }

    private func box(_ box: PairsDecider.Box) -> DecidedBox {
        DecidedBox(
            name: box.name, calibrationSha256: box.side.sha256, cpuModel: box.side.calibration.box.cpuModel,
            virtualBoard: box.side.calibration.box.virtualBoard, modelName: box.side.calibration.model.name)
    }

    private func solved(_ device: Int, _ server: Int) -> PairsDecider.Solved? { solved[device * serverCount + server] }

    private func pair(_ place: Int, _ normalizers: Normalizers?) -> DecidedPair {
        var pair = DecidedPair(
            device: place / serverCount, server: place % serverCount,
            deviceEnergyJoules: .unavailable("there is no decision"))
        switch outcomes[place] {
        case .success(let solved):
            pair.decision = solved.decision
            pair.deviceEnergyJoules = solved.deviceEnergyJoules
            if let chosen = solved.chosen, let seconds = chosen.delaySeconds.value {
                pair.cost = normalizers?.cost(
                    delay: seconds, energy: chosen.serverEnergyJoules.value, weight: weight)
            }
        case .failure(let error): pair.unavailable = error.description
        }
        return pair
    }

    // MARK: - One device

    /// Common to all servers of a device; `nil` where there is no decision with any.
    private func normalizers(ofDevice device: Int) -> Normalizers? {
        let corners = decider.servers.indices.compactMap { solved(device, $0)?.corners }
        return corners.isEmpty ? nil : Normalizers(of: corners)
    }

    private func choice(ofDevice device: Int, _ normalizers: Normalizers?, _ pairs: [DecidedPair]) -> ServerChoice {
        let own = Array(pairs[(device * serverCount)..<((device + 1) * serverCount)])
        func chosen(_ server: Int) -> DecidedCut? { solved(device, server)?.chosen }
        return ServerChoice(
            device: device, delayNormalizerSeconds: normalizers?.delay ?? Normalizer(),
            energyNormalizerJoules: normalizers?.energy ?? Normalizer(),
            server: Self.best(own.map(\.cost)) { chosen($0)?.serverEnergyJoules.value ?? 0 },
            fastestServer: Self.best(own.indices.map { chosen($0)?.delaySeconds.value }) {
                chosen($0)?.serverEnergyJoules.value ?? 0
            })
    }

    /// The place of the least value; of equal ones, that of the least energy, then the first.
    private static func best(_ values: [Double?], energy: (Int) -> Double) -> Int? {
        guard let least = values.compactMap(\.self).min() else { return nil }
        let tolerance = Solver.tieTolerance * max(1, abs(least))
        return values.indices.filter { values[$0].map { $0 <= least + tolerance } ?? false }
            .min { energy($0) < energy($1) }
    }

    // MARK: - All devices

    private var round: RoundChoice {
        let excluded = decider.devices.indices.filter { device in
            decider.servers.indices.allSatisfy { solved(device, $0) == nil }
        }
        let devices = decider.devices.indices.filter { !excluded.contains($0) }
        let missing = decider.servers.indices.map { server in devices.filter { solved($0, server) == nil } }
        let corners = decider.servers.indices.map { server -> CostCorners? in
            guard missing[server].isEmpty else { return nil }
            let parts = devices.compactMap { solved($0, server)?.corners }
            return parts.dropFirst().reduce(parts.first) { sum, part in sum.map { $0 + part } }
        }
        let known = corners.compactMap(\.self)
        let normalizers = known.isEmpty ? nil : Normalizers(of: known)
        let rounds = decider.servers.indices.map { server -> ServerRound in
            let absent = missing[server].map { decider.devices[$0].name }
            guard absent.isEmpty, let normalizers else {
                let reason = Quantity.unavailable(
                    "the server cannot take \(absent.joined(separator: ", "))")
                return ServerRound(
                    server: server, delaySeconds: reason, serverEnergyJoules: reason, deviceEnergyJoules: reason,
                    missingDevices: missing[server])
            }
            let parts = devices.compactMap { solved($0, server) }
            let delay = Quantity.sum(of: parts.compactMap { $0.chosen?.delaySeconds })
            let energy = Quantity.sum(of: parts.compactMap { $0.chosen?.serverEnergyJoules })
            return ServerRound(
                server: server, delaySeconds: delay, serverEnergyJoules: energy,
                deviceEnergyJoules: Quantity.sum(of: parts.map(\.deviceEnergyJoules)),
                cost: delay.value.map { normalizers.cost(delay: $0, energy: energy.value, weight: weight) },
                missingDevices: [])
        }
        return RoundChoice(
            excludedDevices: excluded, delayNormalizerSeconds: normalizers?.delay ?? Normalizer(),
            energyNormalizerJoules: normalizers?.energy ?? Normalizer(), servers: rounds,
            server: Self.best(rounds.map(\.cost)) { rounds[$0].serverEnergyJoules.value ?? 0 })
    }

    // MARK: - Sentences

    private var assumptions: [String] {
        var sentences = ["Each cut and frequency is that of the decision for the two boxes alone."]
        if serverCount > 1 {
            sentences.append(
                "Costs compare the servers of one device: their normalizers span from the best corner of any of its "
                    + "servers to the worst of any. Costs of different devices do not compare.")
        }
        guard decider.devices.count > 1 else { return sentences }
        sentences.append(
            "In a round all devices take turns with one server, so that delays and energies add up; half widths add up "
                + "too, since all turns share the server's calibration.")
        if serverCount > 1 {
            sentences.append(
                "A round has one server: servers that work at the same time, and adapters that move between servers, are "
                    + "not modelled.")
        }
        return sentences
    }

    private func warnings(_ choices: [ServerChoice], _ common: [Normalizers?]) -> [String] {
        var warnings = energyBasisWarnings
        for (choice, common) in zip(choices, common) {
            if let common { warnings += jointOptimumWarning(choice, common) }
        }
        return warnings + calibrationWarnings
    }

    /// Each warning once, with the boxes whose calibrations have it.
    private var calibrationWarnings: [String] {
        var found: [(warning: String, boxes: [String])] = []
        for box in decider.devices + decider.servers {
            for warning in box.side.calibration.warnings {
                let place = found.firstIndex { $0.warning == warning } ?? found.count
                if place == found.count { found.append((warning, [])) }
                if !found[place].boxes.contains(box.name) { found[place].boxes.append(box.name) }
            }
        }
        return found.map { warning, boxes in
            let others = boxes.count > 4 ? " and \(boxes.count - 3) others" : ""
            return boxes.prefix(boxes.count > 4 ? 3 : 4).joined(separator: ", ") + others + ": " + warning
        }
    }

    /// Joules that were obtained in different ways compare poorly.
    private var energyBasisWarnings: [String] {
        guard weight < 1 else { return [] }
        func basis(_ device: Int, _ server: Int) -> String? { solved(device, server)?.model.energyBasis?.summary }
        // Only the servers of one device are compared.
        let compared = decider.devices.indices.filter { device in
            Set(decider.servers.indices.compactMap { basis(device, $0) }).count > 1
        }
        var servers: [(basis: String, names: [String])] = []
        for (server, box) in decider.servers.enumerated() {
            guard let basis = compared.compactMap({ basis($0, server) }).first else { continue }
            let place = servers.firstIndex { $0.basis == basis } ?? servers.count
            if place == servers.count { servers.append((basis, [])) }
            servers[place].names.append(box.name)
        }
        guard servers.count > 1 else { return [] }
        let parts = servers.map { "\($0.basis) (\($0.names.joined(separator: ", ")))" }
        return ["The servers' energies are of different kinds and compare poorly: \(parts.joined(separator: ", "))."]
    }

    /// A pair's own decision values a second and a joule by its own corners. With the values that are common to all servers,
    /// another cut or frequency may cost less, and with it another server.
    private func jointOptimumWarning(_ choice: ServerChoice, _ common: Normalizers) -> [String] {
        guard let server = choice.server else { return [] }
        let least = decider.servers.indices.compactMap { place -> (server: Int, chosen: CutOutcome)? in
            guard let model = solved(choice.device, place)?.model,
                let solver = try? Solver(model: model, weight: weight, normalizers: common)
            else { return nil }
            return (place, solver.solve().chosen)
        }.min { $0.chosen.cost < $1.chosen.cost }
        guard let least, least.server != server,
            let own = solved(choice.device, server)?.chosen, let seconds = own.delaySeconds.value
        else { return [] }
        let cost = common.cost(delay: seconds, energy: own.serverEnergyJoules.value, weight: weight)
        guard least.chosen.cost < cost - Solver.tieTolerance else { return [] }
        return [
            "\(decider.devices[choice.device].name): with one value of a second and a joule for all servers, "
                + "cut \(least.chosen.cut.cut) with \(decider.servers[least.server].name) would cost "
                + "\(NumberText.fixed(least.chosen.cost, digits: 4)), less than "
                + "\(NumberText.fixed(cost, digits: 4)) with \(decider.servers[server].name)."
        ]
    }
}

extension EnergyBasis {
    /// Where a server's joules come from, in a few words.
    fileprivate var summary: String {
        switch self {
        case .declared: "a declared power"
        case .rated: "the rated power"
        case .stepPower(_, let account): "the step's mean \(account.rawValue) power"
        case .layers(let account): "the layers' \(account.rawValue) energies"
        }
    }
}

extension Quantity {
    /// The sum of values that may share their errors, so that half widths add up; unavailable where one is.
    ///
    /// A part that is exactly zero has no observation behind it and does not count.
    static func sum(of parts: [Quantity]) -> Quantity {
        if let missing = parts.first(where: { $0.value == nil }) {
            return .unavailable(missing.reason ?? "a part of the sum is not known")
        }
        let counted = parts.filter { $0.value != 0 }
        let values = parts.compactMap(\.value)
        let bounded = !counted.isEmpty && counted.allSatisfy { $0.lower != nil && $0.upper != nil }
        let total = values.reduce(0, +)
        return Quantity(
            value: total,
            lower: bounded ? counted.reduce(0) { $0 + ($1.lower ?? 0) } : nil,
            upper: bounded ? counted.reduce(0) { $0 + ($1.upper ?? 0) } : nil,
            confidence: bounded ? counted.compactMap(\.confidence).min() : nil,
            count: counted.map(\.count).min() ?? 0, origin: .weakest(parts.map(\.origin)),
            reason: "the sum over the devices, in turn")
    }
}
