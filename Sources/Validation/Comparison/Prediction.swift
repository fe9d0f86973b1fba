import CARD
import Quantities
import Statistics
import SystemIO

/// What the model predicts for each term of a round at a cut and a server frequency.
struct Prediction: Sendable {
    let model: CutModel
    /// The device's energy of one step, by cut.
    let deviceEnergies: [Estimate?]
    let deviceEnergyOrigin: Origin

    /// The frequency's ratio to that of the calibration; 1 where it was left as it was.
    ///
    /// - Throws: ``KerfError/Code/incomplete`` where the calibration does not state its frequency.
    func ratio(of point: MeasuredPoint) throws(KerfError) -> Double {
        guard let hertz = point.serverHertz else { return 1 }
        guard let reference = model.frequency.referenceHertz, reference > 0 else {
            throw KerfError(
                .incomplete,
                "the server was set to \(NumberText.si(hertz, "Hz")), and its calibration does not state the frequency "
                    + "of its times", remedy: "profile the server where its frequency can be read")
        }
        return hertz / reference
    }

    /// Estimates in seconds and joules; an infinite half width where the prediction has no interval, `nil` where there
    /// is no prediction.
    ///
    /// Transfers include the latency of their messages, as measured ones do. The model has no overhead; overlap of parts
    /// counts as overhead below zero. So the parts add up to the delay.
    func terms(at point: MeasuredPoint) throws(KerfError) -> PerTerm<Estimate?> {
        let ratio = try ratio(of: point)
        guard let cost = model.cuts.first(where: { $0.cut == point.cut }) else { return PerTerm { _ in nil } }
        let (steps, parts, latency) = (Double(model.steps), model.delay(cost, ratio: ratio), self.latency(of: cost))
        let link = linkErrors(parts, cost.traffic)
        var delay = model.delayEstimate(cost, ratio: ratio)
        if let error = link.all { delay = delay + Estimate(value: 0, halfWidth: error, count: .max) }
        let joules = cost.serverJoules?.scaled(by: steps * model.energyFactor(cost, ratio: ratio))
        func transfer(_ seconds: Double, _ latency: Double, _ error: Double?) -> Estimate {
            Estimate(value: seconds + latency, halfWidth: error ?? .infinity, count: 0)
        }
        return PerTerm { term in
            switch term {
            case .delay: delay
            case .device: cost.deviceSeconds.scaled(by: steps)
            case .uplink: transfer(parts.uplinkSeconds, latency.uplink, link.uplink)
            case .server: cost.serverSeconds.scaled(by: cost.serverTimeFactor(ratio) * steps)
            case .downlink: transfer(parts.downlinkSeconds, latency.downlink, link.downlink)
            case .adapters: transfer(parts.adapterSeconds, latency.adapters, link.adapters)
            case .overhead: transfer(-(parts.overlapSeconds ?? 0), 0, nil)
            case .serverEnergy: joules
            case .deviceEnergy: deviceEnergies[point.cut]?.scaled(by: steps)
            }
        }
    }

    func origin(of term: Term) -> Origin {
        switch term {
        case .serverEnergy: model.energyOrigin
        case .deviceEnergy: deviceEnergyOrigin
        default: model.delayOrigin
        }
    }

    /// Half a round trip for every message; each step sends one up before one comes down.
    private func latency(of cost: CutCost) -> (uplink: Double, downlink: Double, adapters: Double) {
        guard model.countsLatency else { return (0, 0, 0) }
        let traffic = cost.traffic
        let up = min(traffic.stepMessages, 1)
        let perStep = Double(model.steps) * model.link.roundTripSeconds / 2
        return (
            perStep * Double(up), perStep * Double(traffic.stepMessages - up),
            Double(traffic.roundMessages) * model.link.roundTripSeconds / 2
        )
    }

    /// Half widths from the link's rates, which are independent; `nil` where they are taken as exact.
    private func linkErrors(
        _ parts: DelayParts, _ traffic: CutTraffic
    ) -> (uplink: Double?, downlink: Double?, adapters: Double?, all: Double?) {
        let link = model.link
        guard let up = link.uplinkRelativeHalfWidth, let down = link.downlinkRelativeHalfWidth else {
            return (nil, nil, nil, nil)
        }
        func norm(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
        let adapters = (
            up: traffic.adapterBytes * 8 / link.uplinkBitsPerSecond * up,
            down: traffic.adapterBytes * 8 / link.downlinkBitsPerSecond * down
        )
        let (uplink, downlink) = (parts.uplinkSeconds * up, parts.downlinkSeconds * down)
        return (
            uplink, downlink, norm(adapters.up, adapters.down), norm(uplink + adapters.up, downlink + adapters.down)
        )
    }
}
