import Calibration
import ProfileFormat
import Quantities

/// Whether the numbers of a profile or calibration can be trusted: origin, closure, disturbances, precision.
struct Trust {
    let calibration: Calibration

    /// - Parameters:
    ///   - disturbances: of the runs; `nil` where they are not known.
    ///   - failures: closures that fail, as the run found them; `nil` where that is not known.
    func statements(disturbances: Disturbances?, failures: [String]?) -> [Section.Statement] {
        [origin] + closure(failures) + [disturbance(disturbances)].compactMap(\.self) + [precision] + energy
    }

    /// What a run says of itself: closures that fail, and disturbances.
    func run(_ disturbances: Disturbances?, failures: [String]?) -> [Section.Statement] {
        (failures ?? []).map { .init(.bad, "Closure: " + $0) } + [disturbance(disturbances)].compactMap(\.self)
    }

    private var origin: Section.Statement {
        let times = calibration.step.timeSeconds.origin
        let board = calibration.box.virtualBoard
        let energy =
            calibration.meter.origin == .unavailable
            ? "no energy: " + (calibration.meter.reason ?? "no meter")
            : "energies \(calibration.meter.origin.rawValue) by \(calibration.meter.text)"
        let text = "Times \(times.rawValue); \(energy)"
        if let board {
            return Section.Statement(.caution, "SIMULATED: energy and frequency are those of \(board). " + text)
        }
        let isWeak = [Origin.simulated, .recorded].contains(
            Origin.weakest([times, calibration.meter.origin].filter { $0 != .unavailable }))
        return Section.Statement(isWeak ? .caution : .note, text)
    }

    private func closure(_ failures: [String]?) -> [Section.Statement] {
        let closure = calibration.closure
        if let failures, !failures.isEmpty { return failures.map { .init(.bad, "Closure: " + $0) } }
        return [
            ("time", closure.timeRatio, Calibration.maximumTimeHalfWidth),
            ("gross energy", closure.grossEnergyRatio, Calibration.maximumEnergyHalfWidth),
        ]
        .compactMap { name, ratio, limit in
            guard let value = ratio.value else {
                return calibration.meter.origin == .unavailable || name == "time"
                    ? nil : .init(.caution, "Closure of \(name) is not known: \(ratio.reason ?? "")")
            }
            let half = max((ratio.upper ?? value) - value, value - (ratio.lower ?? value))
            let text = "Closure of \(name): the layers' sum differs from the whole step by \(NumberText.percent(ratio))"
            if Closure.fails(ratio) { return .init(.bad, text) }
            return half > limit
                ? .init(.caution, text + ", too uncertain to show anything") : .init(.good, text)
        }
    }

    private func disturbance(_ found: Disturbances?) -> Section.Statement? {
        guard let found else { return nil }
        if found.causes.isEmpty {
            return Section.Statement(.good, "Nothing that is monitored disturbed the run")
        }
        let count = found.causes.reduce(0) { $0 &+ $1.count }
        let text = "\(count) of \(found.measurementCount) steps and windows were rejected: \(found.summary)"
        return Section.Statement(
            found.isTooMuch ? .bad : .good, found.isTooMuch ? text + "; what remains may be too long" : text)
    }

    /// How well the passes' times are known, as decisions use them.
    private var precision: Section.Statement {
        let passes = calibration.layers.flatMap { layer in
            [("forward", layer.forward), ("backward", layer.backward)].map { (layer.description.index, $0, $1) }
        }
        let negligible = 1e-3 * (calibration.step.timeSeconds.value ?? 0)
        let widths = passes.compactMap { index, direction, pass -> (place: String, width: Double)? in
            let time = pass.pooled?.timeSeconds ?? pass.timeSeconds
            guard let value = time.value, value > negligible else { return nil }
            return ("layer \(index) \(direction)", time.relativeHalfWidth ?? .infinity)
        }.sorted { $0.width < $1.width }
        guard let worst = widths.last else { return .init(.bad, "No pass has a time") }
        let median = widths[widths.count / 2]
        func text(_ width: Double) -> String { width.isFinite ? "± \(NumberText.percent(width))" : "no interval" }
        return Section.Statement(
            worst.width <= Calibration.maximumTimeHalfWidth ? .good : .caution,
            "Times of passes are known to \(text(median.width)) in the median, \(text(worst.width)) at worst (\(worst.place))"
        )
    }

    private var energy: [Section.Statement] {
        guard calibration.meter.origin != .unavailable else { return [] }
        let passes = calibration.layers.flatMap { [$0.forward, $0.backward] }
        let missing = passes.count { ($0.pooled?.grossEnergyJoules ?? $0.grossEnergyJoules).value == nil }
        guard missing > 0 else { return [] }
        return [.init(.caution, "Energies of \(missing) of \(passes.count) passes are not resolved")]
    }
}
