import Glibc
import Statistics

/// The best server clock of one cut.
extension Solver {
    /// The best clock for a cut, as a ratio to f0. A cut that leaves the server no work gets the lowest.
    ///
    /// Where time goes as 1/f and energy as f², U as a function of f is b/f + k f² plus a constant, convex for f > 0;
    /// its minimum is at
    ///
    ///     (f/f0)³ = w ΔE t_srv / (2 (1-w) ΔD e_srv)
    ///
    /// and, clipped to the clock's limits, the best allowed one. With the paper's e_srv = ξ f0³ t_srv this is
    /// f*³ = w ΔE / (2 ξ (1-w) ΔD), the same for every cut. Idle power while waiting adds nothing that depends on f.
    /// Over steps all are tried; with overlap and no steps U is a maximum of convex functions, and is searched.
    package func bestRatio(_ cut: CutCost) -> Double {
        guard cut.serverSeconds.value > 0 else { return model.clock.lowestRatio }
        if let steps = model.clock.stepRatios { return bestStep(cut, steps) }
        return model.hasClosedForm(cut) ? closedForm(cut) : search(cut)
    }

    private func closedForm(_ cut: CutCost) -> Double {
        let (low, high) = (model.clock.lowestRatio, model.clock.highestRatio)
        guard let delaySpan = delayNormaliser.span, weight > 0 else { return low }
        guard let energySpan = energyNormaliser.span, weight < 1, let joules = cut.serverJoules?.value, joules > 0
        else { return high }
        let cube = weight * energySpan * cut.serverSeconds.value / (2 * (1 - weight) * delaySpan * joules)
        return min(max(cbrt(cube), low), high)
    }

    /// The least cost of all steps; energy counts for a ten-thousand-millionth at least, so that of steps that cost the
    /// same the more frugal is taken.
    private func bestStep(_ cut: CutCost, _ steps: [Double]) -> Double {
        func frugal(_ ratio: Double) -> Double {
            cost(cut, ratio: ratio)
                + 1e-10 * (model.energy(cut, ratio: ratio).map { energyNormaliser.share($0.value) } ?? 0)
        }
        return steps.min { frugal($0) < frugal($1) } ?? model.clock.lowestRatio
    }

    /// Golden-section search of a convex function; the interval shrinks to 1e-12 of its width.
    private func search(_ cut: CutCost) -> Double {
        let section = (5.0.squareRoot() - 1) / 2
        var (low, high) = (model.clock.lowestRatio, model.clock.highestRatio)
        guard low < high else { return low }
        for _ in 0..<60 {
            let width = section * (high - low)
            if cost(cut, ratio: high - width) <= cost(cut, ratio: low + width) {
                high = low + width
            } else {
                low = high - width
            }
        }
        // A minimum at an end of the range lies exactly there.
        let candidates = [model.clock.lowestRatio, (low + high) / 2, model.clock.highestRatio]
        return bestStep(cut, candidates)
    }
}
