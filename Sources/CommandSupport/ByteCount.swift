import ArgumentParser

/// A number of bytes with an optional unit: `4gib`, `500mb`, `1000`.
package struct ByteCount: ExpressibleByArgument {
    package let bytes: Double

    private static let units = [
        "": 1.0, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824,
    ]

    package init?(argument: String) {
        let digits = argument.prefix { ("0"..."9").contains($0) || $0 == "." }
        guard let number = Double(digits), number > 0, digits.first != ".", digits.last != ".",
            let unit = Self.units[argument.dropFirst(digits.count).lowercased()]
        else { return nil }
        bytes = number * unit
    }
}
