import CARD
import CFleet
import Statistics
import SystemIO

/// Decision policy of a simulated device and server.
package enum Policy: String, Codable, Sendable, Hashable, CaseIterable {
    /// The weighted optimum of cut and frequency.
    case card
    /// Everything on the server, at its highest frequency.
    case serverOnly = "server_only"
    /// Everything on the device.
    case deviceOnly = "device_only"
    /// Half of the blocks on each side, at the highest frequency.
    case middleCut = "middle_cut"
    /// A uniformly random cut in each round, at the highest frequency.
    case randomCut = "random_cut"
    /// CARD with all weight on delay.
    case delayOptimum = "delay_optimum"
    /// CARD with all weight on energy.
    case energyOptimum = "energy_optimum"
}

/// One rule for one class of devices: fills lanes with cut, delay and energy.
enum RuleDecider: Sendable {
    /// By the fleet kernels.
    case quick(Rule, CutTable)
    /// By the solver, lane by lane, for models that the kernels do not support.
    case exact(Rule, CutModel)

    /// - Throws: ``KerfError`` for a model without a decision.
    init(_ rule: Rule, _ model: CutModel) throws(KerfError) {
        guard model.microBatches > 1 else {
            self = .quick(rule, try CutTable(model, weight: rule.weight ?? 1))
            return
        }
        // Whether the solver accepts a model does not depend on the link's rates.
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
            var (cut, ratio) = (model.cuts[Int(lanes[.cut][lane])], model.frequency.highestRatio)
            if let weight = rule.weight {
                guard let solver = try? Solver(model: model, weight: weight) else {
                    preconditionFailure("the solver refused a model because of its rates")
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
    /// The cuts of a policy that does not weigh delay and energy; limits are ignored.
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
