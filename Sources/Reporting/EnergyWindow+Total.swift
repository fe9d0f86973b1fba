import ProfileFormat

extension EnergyWindow {
    /// Joules of the box's total; `nil` without a meter, and where a domain of the total is missing.
    func totalJoules(_ meter: MeterDescription) -> Double? {
        let joules = meter.totalOf.compactMap { self.joules[$0] }
        return joules.isEmpty || joules.count < meter.totalOf.count ? nil : joules.reduce(0, +)
    }

    /// Mean power of the box's total, polling at its end included.
    func watts(_ meter: MeterDescription) -> Double? {
        seconds > 0 ? totalJoules(meter).map { $0 / seconds } : nil
    }
}
