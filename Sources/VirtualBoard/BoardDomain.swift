/// The energy domains of a virtual board, each a zone of its powercap tree.
package enum BoardDomain: Int, CaseIterable, Sendable, Hashable {
    case package, core, uncore, dram, psys

    /// The domain's identifier among the box's energy domains.
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

    /// The zone's path below the control type's directory, nested and numbered as by the kernel.
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
