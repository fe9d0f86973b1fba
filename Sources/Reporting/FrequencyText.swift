import Calibration
import ProfileFormat
import Quantities
import SystemIO

extension Calibration {
    /// The laws of time and power over the clock, beside what the paper assumes; empty without a sweep.
    var clockLines: String {
        let groups = (frequencyGroups ?? []).map { group in
            lines(
                of: group.laws, "on the \(PlainText.shown(group.group.name))s alone, \(group.group.threads) threads: ")
        }
        return (frequencyLaws.map { lines(of: $0, "") } ?? "") + groups.joined()
    }

    private func lines(of laws: FrequencyCalibration, _ place: String) -> String {
        let low = NumberText.si(laws.stepsHertz.first ?? 0, "Hz")
        let high = NumberText.si(laws.stepsHertz.last ?? 0, "Hz")
        var text = "clock        \(place)\(laws.stepsHertz.count) steps, \(low) to \(high)\n"
        let time = laws.stepTime
        text += "step time    a + b/f: a \(NumberText.si(time.fixedSeconds, "s")), "
        text += "b \(NumberText.si(time.cycles, "cycles")), off by up to \(NumberText.percent(time.largestResidual))"
        text += "; b/f alone by up to \(NumberText.percent(laws.inverseClockResidual)) "
        text += "[\(Origin.weakest([time.fixedSeconds.origin, time.cycles.origin]).rawValue)]\n"
        if let power = laws.grossPower {
            text += powerLine("gross power", power)
            if let cubic = laws.cubicPowerResidual {
                text += "             k f^3 alone is off by up to \(NumberText.percent(cubic))\n"
            }
        }
        return text + (laws.netPower.map { powerLine("net power", $0) } ?? "")
    }

    private func powerLine(_ name: String, _ law: PowerLaw) -> String {
        let exponent = law.exponent.value.map { NumberText.fixed($0, digits: 2) } ?? "n/a"
        let bounds = law.exponent.lower.flatMap { lower in
            law.exponent.upper.map { " (\(NumberText.fixed(lower, digits: 2)) to \(NumberText.fixed($0, digits: 2)))" }
        }
        return name + String(repeating: " ", count: max(1, 13 - name.count))
            + "P0 + k (f/fmax)^alpha: P0 \(NumberText.si(law.staticWatts, "W")), "
            + "k \(NumberText.si(law.dynamicWatts, "W")), alpha \(exponent)\(bounds ?? ""), "
            + "off by up to \(NumberText.percent(law.largestResidual)) [\(law.exponent.origin.rawValue)]\n"
    }
}
