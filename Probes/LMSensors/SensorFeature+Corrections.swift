/// What both readers correct, since the general interface does not say it.
extension SensorFeature {
    /// The feature as the chip's driver means it, its label without blanks and control characters at the ends: libsensors
    /// leaves them there.
    ///
    /// An ina3221's in4 to in6 are the voltages at its shunts, and in7 their sum, in microvolts where the interface has
    /// millivolts; they supply nothing.
    ///
    /// Source: Documentation/hwmon/ina3221.rst.
    func corrected(for driver: String) -> SensorFeature {
        var feature = self
        feature.label = Self.trimmed(label)
        if feature.label.isEmpty { feature.label = name }
        return feature.correctingShunt(of: driver)
    }

    private static func trimmed(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while let last = scalars.last, last.value <= 0x20 { scalars.removeLast() }
        return String(scalars.drop { $0.value <= 0x20 })
    }

    private func correctingShunt(of driver: String) -> SensorFeature {
        guard driver == "ina3221", let channel = ["in4", "in5", "in6", "in7"].firstIndex(of: name) else { return self }
        var shunt = self
        shunt.value *= 1e-3
        shunt.maximum = maximum.map { $0 * 1e-3 }
        shunt.critical = critical.map { $0 * 1e-3 }
        if label == name { shunt.label = channel == 3 ? "sum of shunt voltages" : "shunt voltage \(channel + 1)" }
        return shunt
    }
}

extension SensorSurvey {
    /// Gives chips that share a name their hwmon directory beside it, so that each is one chip for whoever reads the name.
    /// Drivers of one kind on no known bus are all called the same: `ina2xx-virtual-0`.
    mutating func tellChipsApart() {
        let counts = Dictionary(chips.map { ($0.name, 1) }, uniquingKeysWith: +)
        for index in chips.indices where (counts[chips[index].name] ?? 0) > 1 {
            let place = chips[index].directory.split(separator: "/").last.map(String.init) ?? chips[index].directory
            chips[index].name += "@\(place)"
        }
    }
}
