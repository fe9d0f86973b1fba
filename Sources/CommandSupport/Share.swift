import ArgumentParser

/// A share, as a number or in percent: `0.02`, `2%`.
package struct Share: ExpressibleByArgument {
    package var value: Double

    package init(value: Double) { self.value = value }

    package init?(argument: String) {
        let isPercent = argument.hasSuffix("%")
        guard let number = Double(isPercent ? String(argument.dropLast()) : argument), number >= 0, number.isFinite
        else { return nil }
        value = isPercent ? number / 100 : number
    }

    package var defaultValueDescription: String { "\(value)" }
}
