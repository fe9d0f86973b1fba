/// The energy domains that a virtual board has, each a zone of its powercap tree.
package enum BoardDomain: Int, CaseIterable, Sendable, Hashable {
    case package, core, uncore, dram, psys

    /// The identifier that the domain gets among the box's energy domains.
    package var identifier: String {
        switch self {
        case .package: "package-0"
        case .core, .uncore, .dram: "package-0/\(zoneName)"
        case .psys: "psys"
        }
    }

    /// The zone's `name` attribute.
    var zoneName: String {
        switch self {
        case .package: "package-0"
        case .core: "core"
        case .uncore: "uncore"
        case .dram: "dram"
        case .psys: "psys"
        }
    }

    /// The zone's place below the control type's directory, as the kernel nests and numbers them.
    var place: String {
        switch self {
        case .package: "intel-rapl:0"
        case .core: "intel-rapl:0/intel-rapl:0:0"
        case .uncore: "intel-rapl:0/intel-rapl:0:1"
        case .dram: "intel-rapl:0/intel-rapl:0:2"
        case .psys: "intel-rapl:1"
        }
    }
}
