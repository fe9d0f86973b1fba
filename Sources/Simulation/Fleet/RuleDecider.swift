import CARD
import CFleet
import Statistics
import SystemIO

/// One rule for one class of devices: fills lanes with the cut that it takes and what that costs.
enum RuleDecider: Sendable {
    case quick(Rule, CutTable)
    /// For models that the kernels do not know: the exact solver, one lane after the other.
    case exact(Rule, CutModel)

    /// - Throws: ``KerfError`` for a model that cannot be decided.
    init(_ rule: Rule, _ model: CutModel) throws(KerfError) {
        guard model.microBatches > 1 else {
            self = .quick(rule, try CutTable(model, weight: rule.weight ?? 1))
            return
        }
        // Whether it can be decided does not depend on the link's rates.
        _ = try Solver(model: model, weight: rule.weight ?? 1)
        self = .exact(rule, model)
    }

    func decide(_ lanes: Lanes) {
        switch self {
        case .quick(let rule, let table): Self.decide(rule, table, lanes)
        case .exact(let rule, let model): Self.decide(rule, model, lanes)
        }
    }

    private static func decide(_ rule: Rule, _ table: CutTable, _ lanes: Lanes) {
        var (cutTable, kernel) = (table.kernel, lanes.kernel)
        if let weight = rule.weight {
            kerf_fleet_decide(
                &cutTable, weight, table.energySpan, lanes.count, &kernel, lanes[.delay], lanes[.energy], lanes[.cut],
                lanes[.ratio])
        } else {
            rule.takeFixedCuts(lanes, last: table.cuts - 1)
            kerf_fleet_evaluate(&cutTable, lanes[.cut], lanes.count, &kernel, lanes[.delay], lanes[.energy])
        }
    }

    private static func decide(_ rule: Rule, _ model: CutModel, _ lanes: Lanes) {
        if rule.weight == nil { rule.takeFixedCuts(lanes, last: model.cuts.count - 1) }
        var model = model
        for lane in 0..<lanes.count {
            model.link.uplinkBitsPerSecond = 1 / lanes[.up][lane]
            model.link.downlinkBitsPerSecond = 1 / lanes[.down][lane]
            var (cut, ratio) = (model.cuts[Int(lanes[.cut][lane])], model.clock.highestRatio)
            if let weight = rule.weight {
                guard let solver = try? Solver(model: model, weight: weight) else {
                    preconditionFailure("a model that could be decided cannot with other rates")
                }
                let chosen = solver.solve().chosen
                (cut, ratio) = (chosen.cut, chosen.ratio)
                lanes[.cut][lane] = Double(cut.cut)
            }
            lanes[.ratio][lane] = ratio
            lanes[.delay][lane] = model.delay(cut, ratio: ratio).total
            lanes[.energy][lane] = model.energy(cut, ratio: ratio)?.value ?? 0
        }
    }
}

extension Rule {
    /// The cut of a policy that does not weigh delay and energy; limits are not looked at.
    fileprivate func takeFixedCuts(_ lanes: Lanes, last: Int) {
        for lane in 0..<lanes.count {
            lanes[.cut][lane] =
                switch policy {
                case .deviceOnly: Double(last)
                case .middleCut: Double(last / 2)
                case .randomCut: Double(min(last, Int(lanes[.randomCut][lane] * Double(last + 1))))
                default: 0
                }
        }
    }
}
