/// What is compared: the delay of a round, its parts, and the energy of each side.
package enum Term: Sendable, Hashable, CaseIterable {
    case delay, device, uplink, server, downlink, adapters, overhead, serverEnergy, deviceEnergy

    /// Joules; else seconds.
    package var isEnergy: Bool { self == .serverEnergy || self == .deviceEnergy }

    package var name: String {
        switch self {
        case .delay: "delay"
        case .device: "device"
        case .uplink: "uplink"
        case .server: "server"
        case .downlink: "downlink"
        case .adapters: "adapters"
        case .overhead: "overhead"
        case .serverEnergy: "server energy"
        case .deviceEnergy: "device energy"
        }
    }
}

/// One value for each term. The names of its fields state the units of what the values hold.
package struct PerTerm<Value> {
    package var delaySeconds: Value
    package var deviceSeconds: Value
    package var uplinkSeconds: Value
    package var serverSeconds: Value
    package var downlinkSeconds: Value
    package var adapterSeconds: Value
    package var overheadSeconds: Value
    package var serverEnergyJoules: Value
    package var deviceEnergyJoules: Value

    package init(_ value: (Term) -> Value) {
        delaySeconds = value(.delay)
        deviceSeconds = value(.device)
        uplinkSeconds = value(.uplink)
        serverSeconds = value(.server)
        downlinkSeconds = value(.downlink)
        adapterSeconds = value(.adapters)
        overheadSeconds = value(.overhead)
        serverEnergyJoules = value(.serverEnergy)
        deviceEnergyJoules = value(.deviceEnergy)
    }

    package subscript(term: Term) -> Value {
        switch term {
        case .delay: delaySeconds
        case .device: deviceSeconds
        case .uplink: uplinkSeconds
        case .server: serverSeconds
        case .downlink: downlinkSeconds
        case .adapters: adapterSeconds
        case .overhead: overheadSeconds
        case .serverEnergy: serverEnergyJoules
        case .deviceEnergy: deviceEnergyJoules
        }
    }
}

extension PerTerm: Sendable where Value: Sendable {}
extension PerTerm: Equatable where Value: Equatable {}
extension PerTerm: Hashable where Value: Hashable {}
extension PerTerm: Encodable where Value: Encodable {}
extension PerTerm: Decodable where Value: Decodable {}
