import Statistics

/// What the normalizers of delay and energy come from: the corner decisions of a model, and the extremes of all its cuts.
package struct CostCorners: Sendable, Hashable {
    /// One of the two terms of the cost, for a round.
    package struct Term: Sendable, Hashable {
        /// Everything on the server at its highest frequency.
        package var serverOnly: Double
        /// Everything on the device, the server at its lowest frequency.
        package var deviceOnly: Double
        /// The smallest and the largest value of any cut, at the lowest and the highest frequency.
        package var minimum: Double
        package var maximum: Double

        init(serverOnly: Double, deviceOnly: Double, values: [Double]) {
            (self.serverOnly, self.deviceOnly) = (serverOnly, deviceOnly)
            minimum = values.min() ?? min(serverOnly, deviceOnly)
            maximum = values.max() ?? max(serverOnly, deviceOnly)
        }

        /// The term of two rounds, one after the other.
        package static func + (left: Term, right: Term) -> Term {
            Term(
                serverOnly: left.serverOnly + right.serverOnly, deviceOnly: left.deviceOnly + right.deviceOnly,
                values: [left.minimum + right.minimum, left.maximum + right.maximum])
        }
    }

    package var delaySeconds: Term
    /// `nil` without values of energy.
    package var energyJoules: Term?

    /// - Parameters:
    ///   - serverOnly: the model's first cut.
    ///   - deviceOnly: its last.
    package init(_ model: CutModel, serverOnly: CutCost, deviceOnly: CutCost) {
        let (low, high) = (model.frequency.lowestRatio, model.frequency.highestRatio)
        delaySeconds = Term(
            serverOnly: model.delay(serverOnly, ratio: high).total,
            deviceOnly: model.delay(deviceOnly, ratio: low).total,
            values: model.cuts.flatMap { cut in [low, high].map { model.delay(cut, ratio: $0).total } })
        if let atServer = model.energy(serverOnly, ratio: high), let atDevice = model.energy(deviceOnly, ratio: low) {
            energyJoules = Term(
                serverOnly: atServer.value, deviceOnly: atDevice.value,
                values: model.cuts.flatMap { cut in [low, high].compactMap { model.energy(cut, ratio: $0)?.value } })
        }
    }

    private init(delaySeconds: Term, energyJoules: Term?) {
        self.delaySeconds = delaySeconds
        self.energyJoules = energyJoules
    }

    /// The corners of two rounds, one after the other.
    package static func + (left: CostCorners, right: CostCorners) -> CostCorners {
        CostCorners(
            delaySeconds: left.delaySeconds + right.delaySeconds,
            energyJoules: left.energyJoules.flatMap { energy in right.energyJoules.map { energy + $0 } })
    }
}

/// The normalizers of both terms of the cost.
package struct Normalizers: Sendable, Hashable {
    package var delay: Normalizer
    package var energy: Normalizer

    /// The normalizers of a choice among alternatives, such as several servers: one value of a second and one of a joule
    /// for all of them. They span from the best corner of any alternative to the worst of any.
    ///
    /// - Parameter alternatives: one for a decision between two boxes; not empty.
    package init(of alternatives: [CostCorners]) {
        let delays = alternatives.map(\.delaySeconds)
        delay = Normalizer(
            least: delays.map(\.serverOnly).min() ?? 0, greatest: delays.map(\.deviceOnly).max() ?? 0,
            values: delays.flatMap { [$0.minimum, $0.maximum] })
        let energies = alternatives.compactMap(\.energyJoules)
        if let least = energies.map(\.deviceOnly).min(), let greatest = energies.map(\.serverOnly).max() {
            energy = Normalizer(
                least: least, greatest: greatest, values: energies.flatMap { [$0.minimum, $0.maximum] })
        } else {
            energy = Normalizer()
        }
    }

    /// U of a delay in seconds and an energy in joules; an energy that is not known counts nothing.
    package func cost(delay seconds: Double, energy joules: Double?, weight: Double) -> Double {
        weight * delay.share(seconds) + (1 - weight) * (joules.map { energy.share($0) } ?? 0)
    }
}
