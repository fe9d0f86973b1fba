import Quantities

/// An axis: what it shows, its unit, and how values become places.
struct Axis: Sendable {
    var title: String
    /// `s`, `J`, or empty for a number without one; ticks have the prefix that suits them.
    var unit: String
    var kind: Scale.Kind
    var includesZero: Bool
    /// Set for whole numbers, such as layers.
    var wholeNumbers: ClosedRange<Int>?
    /// Ticks are per cent.
    var isRatio: Bool
    /// Values above it are drawn at the axis' end.
    var limit: Double?

    init(
        _ title: String, unit: String = "", _ kind: Scale.Kind = .linear, includesZero: Bool = true,
        wholeNumbers: ClosedRange<Int>? = nil, isRatio: Bool = false
    ) {
        (self.title, self.unit, self.kind) = (title, unit, kind)
        (self.includesZero, self.isRatio) = (includesZero, isRatio)
        // A file may claim any number of blocks.
        self.wholeNumbers = wholeNumbers?.clamped(to: -1_000_000...1_000_000)
    }

    func scale(_ values: [Double], from start: Double, to end: Double) -> Scale {
        wholeNumbers.map { Scale(wholeNumbers: $0, from: start, to: end) }
            ?? Scale(values.map { min($0, limit ?? $0) }, kind, includesZero: includesZero, from: start, to: end)
    }

    func ticks(of scale: Scale, count: Int) -> [Double] {
        guard let range = wholeNumbers else { return scale.ticks(count) }
        let step = max(1, (range.count + count - 1) / max(count, 1))
        return stride(from: range.lowerBound, through: range.upperBound, by: step).map(Double.init)
    }

    func label(_ value: Double) -> String {
        if isRatio { return Self.short(NumberText.significant(value * 100)) + " %" }
        if wholeNumbers != nil { return NumberText.fixed(value, digits: 0) }
        guard !unit.isEmpty else { return Self.short(NumberText.significant(value)) }
        let parts = NumberText.si(value, unit).split(separator: " ", maxSplits: 1)
        return parts.count == 2 ? Self.short(String(parts[0])) + " " + parts[1] : String(parts.first ?? "")
    }

    /// Without zeros behind the decimal point.
    private static func short(_ number: String) -> String {
        guard number.contains(".") else { return number }
        var number = number
        while number.hasSuffix("0") { number.removeLast() }
        if number.hasSuffix(".") { number.removeLast() }
        return number == "-0" ? "0" : number
    }
}
