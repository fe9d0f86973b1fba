import Quantities
import SystemIO

/// Decisions for every pair of several devices and several servers, and how the servers compare.
///
/// Each pair's decision is the one that is made for its two boxes alone, so that it can be taken out as a file of its own.
public struct Decisions: Codable, Sendable, KerfFile {
    public static let schema = "kerf.decisions"
    public static let schemaVersion = 1
    public static var remedy: Remedy { "run kerf decide with several devices or servers first" }

    public var schema: String = Decisions.schema
    public var schemaVersion: Int = Decisions.schemaVersion
    public var kerfVersion: String
    /// Weight of delay, 0 to 1; the rest is the weight of energy.
    public var weight: Double
    public var devices: [DecidedBox]
    public var servers: [DecidedBox]
    /// Device by device, and for each device server by server.
    public var pairs: [DecidedPair]
    /// The best server of each device on its own, in the order of the devices.
    public var deviceChoices: [ServerChoice]
    /// One round in which all devices take turns, with each server.
    public var round: RoundChoice
    /// How pairs and servers were compared, one sentence each.
    public var assumptions: [String]
    /// Warnings, one sentence each.
    public var warnings: [String]
}

/// A device or server of several.
public struct DecidedBox: Codable, Sendable, Hashable {
    /// What the user calls it; unique among the devices and among the servers.
    public var name: String
    /// SHA-256 of the calibration's file.
    public var calibrationSha256: String
    public var cpuModel: String
    /// The virtual board that replaced the meters.
    public var virtualBoard: String?
    public var modelName: String
}

/// A device with a server.
public struct DecidedPair: Codable, Sendable {
    /// Places among ``Decisions/devices`` and ``Decisions/servers``.
    public var device: Int
    public var server: Int
    /// The decision for the two boxes alone; `nil` where there is none.
    public var decision: Decision?
    /// Why there is no decision.
    public var unavailable: String?
    /// Energy of the device's layers in a round while they compute, whether it counts in the cost or not.
    public var deviceEnergyJoules: Quantity
    /// U of the decision with the normalizers of all servers of this device; `nil` without a decision.
    public var cost: Double?
}

/// The servers of one device compared.
public struct ServerChoice: Codable, Sendable, Hashable {
    public var device: Int
    /// From all servers that a decision could be made with, so that a second and a joule have one value for all.
    public var delayNormalizerSeconds: Normalizer
    public var energyNormalizerJoules: Normalizer
    /// The server of least cost, of equal ones that of least energy; `nil` where there is no decision with any.
    public var server: Int?
    /// The server of least delay.
    public var fastestServer: Int?
}

/// A round of all devices, which take turns with one server.
public struct RoundChoice: Codable, Sendable, Hashable {
    /// Devices that no server can take, and which are left out of the round.
    public var excludedDevices: [Int]
    public var delayNormalizerSeconds: Normalizer
    public var energyNormalizerJoules: Normalizer
    /// In the order of the servers.
    public var servers: [ServerRound]
    /// The server of least cost among those that can take all devices; `nil` where none can.
    public var server: Int?
}

/// A round of all devices with one server, each at its decision with that server.
public struct ServerRound: Codable, Sendable, Hashable {
    public var server: Int
    /// Sums over the devices; unavailable where the server cannot take one of them.
    public var delaySeconds: Quantity
    public var serverEnergyJoules: Quantity
    public var deviceEnergyJoules: Quantity
    /// U of the sums with the normalizers of the round; `nil` without sums.
    public var cost: Double?
    /// Devices that another server can take and this one cannot.
    public var missingDevices: [Int]
}

extension Decisions {
    /// The pair of a device and a server, by their places.
    public func pair(device: Int, server: Int) -> DecidedPair { pairs[device * servers.count + server] }

    /// - Throws: ``KerfError/Code/malformed`` for places that the file does not have.
    package func check(named name: String) throws(KerfError) {
        let (devices, servers) = (self.devices.indices, self.servers.indices)
        let ordered = pairs.enumerated().allSatisfy { place, pair in
            pair.device == place / max(1, servers.count) && pair.server == place % max(1, servers.count)
        }
        guard !devices.isEmpty, !servers.isEmpty, pairs.count == devices.count * servers.count, ordered,
            deviceChoices.allSatisfy({ choice in
                devices.contains(choice.device)
                    && [choice.server, choice.fastestServer].allSatisfy { $0.map(servers.contains) ?? true }
            }),
            round.servers.allSatisfy({ servers.contains($0.server) && $0.missingDevices.allSatisfy(devices.contains) }),
            round.excludedDevices.allSatisfy(devices.contains), round.server.map(servers.contains) ?? true
        else {
            throw KerfError(
                .malformed, at: name, "a pair or choice of a box that is not in the file (damaged or edited)",
                remedy: "make the file again")
        }
    }

    /// Whether a cost is that of the best, but for rounding.
    public func isEqual(_ cost: Double?, to best: Double?) -> Bool {
        guard let cost, let best else { return false }
        return abs(cost - best) <= Solver.tieTolerance * max(1, abs(best))
    }
}
