import CARD
import Calibration
import Quantities
import Statistics

/// How far the rounds deviate from each assumption of the paper.
struct RoundDeviations: Sendable {
    let set: RoundSet
    let prediction: Prediction
    /// The model whose times are operations over speed, all else as measured.
    let byOperations: CutModel
    /// Whether the speeds are rated; else only their ratios between cuts can be compared.
    let deviceIsRated: Bool
    let serverIsRated: Bool
    let conditions: RoundConditions

    private typealias Member = SimultaneousMeans.Member

    func deviation(from assumption: PaperAssumption) -> Finding {
        switch assumption {
        case .timeByOperations: operations
        case .inverseFrequency: inverseFrequency
        case .cubicPower: cubicPower
        case .identicalLayers: layers
        case .backwardTwiceForward: .untested("rounds do not time forward and backward apart")
        case .freeMemory: .untested("rounds do not measure memory")
        case .idealLink: link
        case .noOverlap: overlap
        }
    }

    private var inverseFrequency: Finding {
        let found = overFrequency("server time times frequency", .server) { round, hertz in
            round.serverSeconds > 0 ? round.serverSeconds * hertz : nil
        }
        return found ?? .untested("no cut was measured at two frequencies of the server")
    }

    private var cubicPower: Finding {
        let found = overFrequency("server power over the frequency's cube", .serverEnergy) { round, hertz in
            guard round.serverSeconds > 0, let joules = round.serverJoules else { return nil }
            return joules / round.serverSeconds / (hertz * hertz * hertz)
        }
        return found ?? .untested("no cut was metered at two frequencies of the server")
    }

    private var operations: Finding {
        func assumed(_ point: MeasuredPoint) -> CutCost? { byOperations.cuts.first { $0.cut == point.cut } }
        let steps = Double(byOperations.steps)
        let device = series(
            "the device's time over that of its operations", isRelative: !deviceIsRated, \.deviceSeconds
        ) { point in (assumed(point)?.deviceSeconds.value ?? 0) * steps }
        let server = series(
            "the server's time over that of its operations", isRelative: !serverIsRated, \.serverSeconds
        ) { point in
            guard let cost = assumed(point), let ratio = try? prediction.ratio(of: point) else { return 0 }
            return cost.serverSeconds.value * cost.serverTimeFactor(ratio) * steps
        }
        return SimultaneousMeans(Self.joined(device, server)).finding(origin(.device, .server))
    }

    /// Time per block, from cut to cut; the embedding and the head take none under the assumption.
    private var layers: Finding {
        let blocks = prediction.model.cuts.last?.cut ?? 0
        let device = series(
            "the device's time per block over that at its largest cut", isRelative: true, \.deviceSeconds
        ) { Double($0.cut) }
        let server = series(
            "the server's time per block over that at its smallest cut", isRelative: true, \.serverSeconds
        ) { Double(blocks - $0.cut) }
        return SimultaneousMeans(Self.joined(device, server)).finding(origin(.device, .server))
    }

    /// Ratios of a side's time to an expectation at every point where there is one.
    ///
    /// - Parameter isRelative: whether ratios are divided by that of the point with the most work, at the same frequency
    ///   for the server.
    private func series(
        _ subject: String, isRelative: Bool, _ seconds: KeyPath<MeasuredRound, Double>,
        expected: (MeasuredPoint) -> Double
    ) -> [Member] {
        let found = zip(set.points, set.rounds).filter { point, rounds in !rounds.isEmpty && expected(point) > 0 }
        let isServer = seconds == \.serverSeconds
        return found.map { point, rounds in
            let reference = found.indices.filter { !isServer || found[$0].0.serverHertz == point.serverHertz }
                .max { expected(found[$0].0) < expected(found[$1].0) }
            return Member(
                point: point, ratios: rounds.map { $0[keyPath: seconds] / expected(point) }, subject: subject,
                reference: isRelative ? reference : nil)
        }
    }

    /// Ratios of a value to that at the highest frequency of the same cut; `nil` where no cut has two frequencies.
    private func overFrequency(
        _ subject: String, _ term: Term, _ value: (MeasuredRound, Double) -> Double?
    ) -> Finding? {
        var members: [Member] = []
        for cut in Set(set.points.map(\.cut)).sorted() {
            let group = zip(set.points, set.rounds).compactMap { point, rounds -> (MeasuredPoint, [Double])? in
                guard point.cut == cut, let hertz = point.serverHertz else { return nil }
                let values = rounds.compactMap { value($0, hertz) }
                return values.isEmpty ? nil : (point, values)
            }
            // Points ascend by frequency.
            guard group.count > 1, let highest = group.last else { continue }
            let scale = highest.1.reduce(0, +) / Double(highest.1.count)
            let place = members.count + group.count - 1
            members += group.map { point, values in
                Member(
                    point: point, ratios: values.map { $0 / scale },
                    subject: "\(subject), over that at the highest frequency", reference: place)
            }
        }
        return members.isEmpty ? nil : SimultaneousMeans(members).finding(origin(term))
    }

    /// What transfers take beyond their bytes over the link's rates, over the rest of the delay.
    private var link: Finding {
        let members = zip(set.points, set.rounds).compactMap { point, rounds -> Member? in
            guard !rounds.isEmpty, let cost = prediction.model.cuts.first(where: { $0.cut == point.cut }) else {
                return nil
            }
            let parts = prediction.model.delay(cost, ratio: 1)
            let ideal = parts.uplinkSeconds + parts.downlinkSeconds + parts.adapterSeconds
            return Member(
                point: point,
                ratios: rounds.map { round in
                    let extra = round.uplinkSeconds + round.downlinkSeconds + round.adapterSeconds - ideal
                    return round.delaySeconds / (round.delaySeconds - extra)
                }, subject: "transfers beyond their bytes over the link's rates, over the rest of the delay")
        }
        return SimultaneousMeans(members).finding(origin(.uplink, .delay))
    }

    private var overlap: Finding {
        guard prediction.model.microBatches > 1 else {
            return .untested("there is one micro-batch, so nothing overlaps")
        }
        let members = zip(set.points, set.rounds).filter { !$1.isEmpty }.map { point, rounds in
            Member(
                point: point, ratios: rounds.map { $0.delaySeconds / ($0.delaySeconds - $0.overheadSeconds) },
                subject: "the delay over the sum of its parts")
        }
        return SimultaneousMeans(members).finding(origin(.delay))
    }

    /// Both lists as one, with the places of the references moved.
    private static func joined(_ left: [Member], _ right: [Member]) -> [Member] {
        left
            + right.map { member in
                var member = member
                member.reference = member.reference.map { $0 + left.count }
                return member
            }
    }

    private func origin(_ terms: Term...) -> Origin { Origin.weakest(terms.map(conditions.origin(of:))) }
}
