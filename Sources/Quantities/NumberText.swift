/// Numbers as text: few digits, an SI prefix, the interval.
///
/// Foundation's formatting is not used, since it would add its locale data to the program.
public enum NumberText {
    /// A decimal rounded to a number of digits after the point: `-3.20`.
    ///
    /// Beyond 1e15 it falls back to the shortest exponent form.
    public static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let digits = min(max(digits, 0), 12)
        let power = powerOfTen(digits)
        let scaled = (abs(value) * power).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let (whole, rest) = Int64(scaled).quotientAndRemainder(dividingBy: Int64(power))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(whole)" }
        let fraction = String(rest)
        return sign + "\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// Rounded to a number of significant digits, without an exponent: `0.0123`, `12.3`, `12300`.
    public static func significant(_ value: Double, digits: Int = 3) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : fixed(value, digits: 0) }
        let exponent = decimalExponent(value, digits: digits)
        let behind = digits - 1 - exponent
        if behind >= 0 { return fixed(value, digits: behind) }
        guard -behind <= 15 else { return "\(value)" }
        let power = powerOfTen(-behind)
        return fixed((value / power).rounded() * power, digits: 0)
    }

    /// Three significant digits with an SI prefix: `12.3 ms`, `4.56 J`, `0 J`.
    public static func si(_ value: Double, _ unit: String, digits: Int = 3) -> String {
        guard value.isFinite, value != 0 else { return "\(significant(value)) \(unit)" }
        let prefix = prefix(of: value, digits: digits)
        return significant(value / prefix.factor, digits: digits) + " " + prefix.symbol + unit
    }

    /// A quantity: `12.3 ms ± 0.4 %`, `12.3 ms` without interval, `n/a` without value.
    public static func si(_ quantity: Quantity, _ unit: String) -> String {
        guard let value = quantity.value else { return "n/a" }
        guard let width = quantity.relativeHalfWidth, width > 0 else { return si(value, unit) }
        return si(value, unit) + " ± " + percent(width, digits: width < 0.1 ? 1 : 0)
    }

    /// A ratio in percent: `-3.2 %`.
    public static func percent(_ ratio: Double, digits: Int = 1) -> String { fixed(ratio * 100, digits: digits) + " %" }

    /// A ratio's quantity in percent with its interval: `-1.0 % (-1.4 to -0.6 %)`.
    public static func percent(_ quantity: Quantity) -> String {
        guard let value = quantity.value else { return "n/a" }
        guard let lower = quantity.lower, let upper = quantity.upper else { return percent(value) }
        return percent(value) + " (\(fixed(lower * 100, digits: 1)) to \(percent(upper)))"
    }

    /// The power of ten of the first digit, after rounding to `digits`.
    private static func decimalExponent(_ value: Double, digits: Int) -> Int {
        var (exponent, mantissa) = (0, abs(value))
        while mantissa >= 10 {
            mantissa /= 10
            exponent += 1
        }
        while mantissa < 1 {
            mantissa *= 10
            exponent -= 1
        }
        let half = 0.5 / powerOfTen(digits - 1)
        return mantissa + half >= 10 ? exponent + 1 : exponent
    }

    private static let prefixes: [(symbol: String, factor: Double)] = [
        ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1), ("m", 1e-3), ("µ", 1e-6), ("n", 1e-9),
    ]

    private static func prefix(of value: Double, digits: Int) -> (symbol: String, factor: Double) {
        // 999.6 would be shown as 1000, so it takes the next prefix.
        let shown = abs(value) * (1 + 0.5 / powerOfTen(digits))
        return prefixes.first { shown >= $0.factor } ?? prefixes[prefixes.count - 1]
    }

    private static func powerOfTen(_ exponent: Int) -> Double {
        (0..<max(0, exponent)).reduce(1.0) { power, _ in power * 10 }
    }
}
