import FoundationEssentials
import ProbeKit
import SystemIO

/// A line that a meter program writes: what its meter is, or a sample. See docs/meters.md.
package enum MeterLine: Sendable, Hashable {
    case header(Header)
    case sample(PowerSeries.Sample)

    /// What a program says of its meter, in its first line.
    package struct Header: Sendable, Hashable, Decodable {
        package var name: String?
        package var domain: String?
        package var intervalSeconds: Double?

        package init(name: String? = nil, domain: String? = nil, intervalSeconds: Double? = nil) {
            self.name = name
            self.domain = domain
            self.intervalSeconds = intervalSeconds
        }

        private enum CodingKeys: String, CodingKey {
            case name, domain
            case intervalSeconds = "interval_seconds"
        }
    }

    /// Longest line.
    package static let maximumBytes = 4096
    /// Times, joules and watts beyond these are no samples.
    private static let maximumTime = 1e11
    private static let maximumJoules = 1e12
    private static let maximumNameLength = 60
    private static let domainCharacters: Set<Character> = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")

    private struct Fields: Decodable {
        var time: Double?
        var watts: Double?
        var joules: Double?
    }

    /// - Throws: ``KerfError/Code/invalidReading`` with what is wrong, without the line.
    package init(_ bytes: some Collection<UInt8>) throws(KerfError) {
        guard bytes.count <= Self.maximumBytes else {
            throw Self.refusal("is longer than \(Self.maximumBytes) bytes")
        }
        let data = Data(bytes)
        let decoder = JSONDecoder()
        guard let fields = try? decoder.decode(Fields.self, from: data),
            let header = try? decoder.decode(Header.self, from: data)
        else { throw Self.refusal("is no JSON object of numbers and names") }
        switch (fields.watts, fields.joules) {
        case (nil, nil):
            self = .header(try Self.checked(header))
        case (.some, .some):
            throw Self.refusal("has both watts and joules")
        case (let watts?, nil):
            guard (0...PowerSeries.maximumWatts).contains(watts) else {
                throw Self.refusal("has watts outside 0 to \(PowerSeries.maximumWatts)")
            }
            self = .sample(.init(seconds: try Self.time(fields), kind: .watts, value: watts))
        case (nil, let joules?):
            guard (0...Self.maximumJoules).contains(joules) else {
                throw Self.refusal("has joules outside 0 to \(Self.maximumJoules)")
            }
            self = .sample(.init(seconds: try Self.time(fields), kind: .joules, value: joules))
        }
    }

    private static func time(_ fields: Fields) throws(KerfError) -> Double? {
        guard let time = fields.time else { return nil }
        guard time.magnitude <= maximumTime else { throw refusal("has a time that is not possible") }
        return time
    }

    private static func checked(_ header: Header) throws(KerfError) -> Header {
        guard header.name != nil || header.domain != nil || header.intervalSeconds != nil else {
            throw refusal("has neither watts nor joules")
        }
        if let name = header.name {
            guard !name.isEmpty, name.count <= maximumNameLength, PlainText.isPlain(name) else {
                throw refusal("has a name that cannot be shown")
            }
        }
        if let domain = header.domain {
            guard !domain.isEmpty, domain.count <= maximumNameLength, domain.allSatisfy(domainCharacters.contains)
            else {
                throw refusal("has a domain that is not of letters, digits, '-', '_' and '.'")
            }
        }
        if let interval = header.intervalSeconds {
            guard interval > 0, interval <= ProgramMeter.maximumIntervalSeconds else {
                throw refusal("has interval_seconds outside 0 to \(ProgramMeter.maximumIntervalSeconds)")
            }
        }
        return header
    }

    private static func refusal(_ what: String) -> KerfError { KerfError(.invalidReading, what) }
}
