import Calibration
import ProfileFormat
import Quantities
import Workload

/// A file of a comparison and where its costs are from.
package struct ComparedSide: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable, Hashable {
        /// Calibrated for the comparison.
        case profile
        case calibration
    }

    /// The file's name as it was given.
    package var name: String
    package var kind: Kind
    /// SHA-256 of the file's bytes.
    package var sha256: String
    /// The profiles behind its costs, ordered by their hash: those of this workload, or of all workloads that it is
    /// interpolated between.
    package var profiles: [ProfileSource]
    /// Runs that the intervals know the spread of; 1 where costs are interpolated, since runs of different workloads do
    /// not show it.
    package var runs: Int
    package var box: BoxIdentity
    package var engineThreads: Int
    package var pinned: Bool?
    package var runningHertz: Quantity
    /// Time of a fixed piece of arithmetic, where the box does not report a frequency.
    package var referenceSeconds: Quantity?
    /// Median temperature of the processor during the run; `nil` for a calibration, which does not hold it, and where
    /// none was read.
    package var medianCelsius: Double?
    package var weightResidency: WeightResidency
    package var meter: ComparedMeter
    /// Those of the calibration.
    package var warnings: [String]
}

/// What a side's joules are of.
package struct ComparedMeter: Codable, Sendable, Hashable {
    /// `nil` without a meter.
    package var name: String?
    package var origin: Origin
    /// Names of the domains whose sum is the total, as the meter has them: `package-0`, `dram`.
    package var domains: [String]
    /// Without a meter: why.
    package var reason: String?

    init(_ meter: MeterDescription) {
        name = meter.name
        origin = meter.origin
        reason = meter.reason
        domains = meter.totalOf.map { identifier in
            meter.domains.first { $0.identifier == identifier }?.name ?? identifier
        }
    }

    /// The kinds of domain, sorted: `package-0` and `package-1` are two of a kind.
    var domainKinds: [String] {
        Set(
            domains.map { name in
                let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
                let stem = name.dropLast(digits)
                return digits > 0 && stem.hasSuffix("-") ? String(stem.dropLast()) : name
            }
        ).sorted()
    }

    /// `powercap (dram + package)`.
    var text: String { "\(name ?? "no meter") (\(domainKinds.joined(separator: " + ")))" }
}
