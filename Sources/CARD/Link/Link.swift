import Quantities
import SystemIO

/// The link between device and server: declared, measured or simulated.
public struct Link: Codable, Sendable, Hashable {
    /// From the device to the server.
    public var uplinkBitsPerSecond: Double
    /// From the server to the device.
    public var downlinkBitsPerSecond: Double
    /// Time of an empty message and its reply; a message in one direction takes half of it.
    public var roundTripSeconds: Double
    /// `modelled` where the link was declared.
    public var origin: Origin
    /// Where the values come from; `nil` where they were declared.
    public var source: String?
    /// Half widths of the rates' intervals over the rates; `nil` where the rates are taken as exact.
    public var uplinkRelativeHalfWidth: Double?
    public var downlinkRelativeHalfWidth: Double?

    /// - Throws: ``KerfError/Code/invalidArgument`` unless both rates are positive, the round trip is not negative, and
    ///   all are finite.
    public init(
        uplinkBitsPerSecond: Double, downlinkBitsPerSecond: Double, roundTripSeconds: Double,
        origin: Origin = .modelled, source: String? = nil
    ) throws(KerfError) {
        for (name, rate) in [("up", uplinkBitsPerSecond), ("down", downlinkBitsPerSecond)] {
            guard rate > 0, rate <= 1e15 else {
                throw KerfError(
                    .invalidArgument, "link: \(name) must be more than 0 and at most 1e15 bit/s",
                    remedy: .text(Self.usage))
            }
        }
        guard roundTripSeconds >= 0, roundTripSeconds <= 3600 else {
            throw KerfError(.invalidArgument, "link: rtt must be between 0 and 3600 s", remedy: .text(Self.usage))
        }
        self.uplinkBitsPerSecond = uplinkBitsPerSecond
        self.downlinkBitsPerSecond = downlinkBitsPerSecond
        self.roundTripSeconds = roundTripSeconds
        self.origin = origin
        self.source = source
    }

    /// Reads `up=20mbit,down=80mbit,rtt=20ms`.
    ///
    /// All three are required, each once, in any order. Rates are in bit, kbit, mbit or gbit per second, powers of 1000
    /// as in tc(8); the round trip is in us, ms or s. A number is digits with at most one point, without sign, exponent
    /// or space.
    public init(parsing text: String) throws(KerfError) {
        var values: [String: Double] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, let units = Self.units[pair[0]] else {
                throw KerfError(
                    .invalidArgument, "link: \(PlainText.quoted(String(part))) is not one of up=..., down=..., rtt=...",
                    remedy: .text(Self.usage))
            }
            guard values[pair[0]] == nil else {
                throw KerfError(.invalidArgument, "link: \(pair[0]) is given twice", remedy: .text(Self.usage))
            }
            values[pair[0]] = try Self.value(pair[1], of: pair[0], in: units)
        }
        for key in ["up", "down", "rtt"] where values[key] == nil {
            throw KerfError(.invalidArgument, "link: \(key) is missing", remedy: .text(Self.usage))
        }
        try self.init(
            uplinkBitsPerSecond: values["up"] ?? 0, downlinkBitsPerSecond: values["down"] ?? 0,
            roundTripSeconds: values["rtt"] ?? 0)
    }

    package static let usage = "write it like up=20mbit,down=80mbit,rtt=20ms"

    private static let rateUnits = ["bit": 1.0, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9]
    private static let timeUnits = ["us": 1e-6, "ms": 1e-3, "s": 1.0]
    private static let units = ["up": rateUnits, "down": rateUnits, "rtt": timeUnits]

    private static func value(
        _ text: String, of key: String, in units: [String: Double]
    ) throws(KerfError) -> Double {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        guard let number = Double(digits), number.isFinite, digits.first != ".", digits.last != "." else {
            throw KerfError(
                .invalidArgument, "link: \(key)=\(PlainText.quoted(text)) is not a plain positive number with a unit",
                remedy: .text(usage))
        }
        guard let unit = units[String(text.dropFirst(digits.count))] else {
            let known = units.sorted { $0.value < $1.value }.map(\.key).joined(separator: ", ")
            throw KerfError(
                .invalidArgument, "link: \(key)=\(PlainText.quoted(text)) has no known unit; \(key) takes \(known)",
                remedy: .text(usage))
        }
        return number * unit
    }
}
