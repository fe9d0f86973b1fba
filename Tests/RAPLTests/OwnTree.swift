/// Powercap trees of kinds of boxes that no captured machine stands for here: made up, laid out as the driver does.
enum OwnTree: String, CaseIterable {
    /// Two sockets whose zones are numbered against their names, memory beside each.
    case twoSocketsSwapped = "two-sockets-swapped"
    /// Two sockets of two dies, each die with a counter of its own.
    case fourDies = "four-dies"
    /// A client whose package is also shown through MMIO, with the platform apart.
    case memoryMappedTwin = "memory-mapped-twin"
    /// Package zones whose parts are unreadable, disabled or of unknown name.
    case awkwardParts = "awkward-parts"
    /// Nothing but the platform.
    case platformAlone = "platform-alone"

    struct Zone {
        var device: String
        var name: String
        var microjoules: String
        var range: String? = "262143328850"
    }

    var zones: [Zone] {
        switch self {
        case .twoSocketsSwapped:
            [
                Zone(device: "intel-rapl:0", name: "package-1", microjoules: "5000000000"),
                Zone(device: "intel-rapl:0:0", name: "dram", microjoules: "600000000", range: "65712999613"),
                Zone(device: "intel-rapl:1", name: "package-0", microjoules: "7000000000"),
                Zone(device: "intel-rapl:1:0", name: "dram", microjoules: "800000000", range: "65712999613"),
            ]
        case .fourDies:
            [
                Zone(device: "intel-rapl:0", name: "package-0-die-0", microjoules: "9000000000"),
                Zone(device: "intel-rapl:1", name: "package-0-die-1", microjoules: "8000000000"),
                Zone(device: "intel-rapl:2", name: "package-1-die-0", microjoules: "9000000000"),
                Zone(device: "intel-rapl:3", name: "package-1-die-1", microjoules: "7500000000"),
            ]
        case .memoryMappedTwin:
            [
                Zone(device: "intel-rapl:0", name: "package-0", microjoules: "3000000000"),
                Zone(device: "intel-rapl:0:0", name: "core", microjoules: "1500000000"),
                Zone(device: "intel-rapl:0:1", name: "uncore", microjoules: "250000000"),
                Zone(device: "intel-rapl:1", name: "psys", microjoules: "9000000000"),
                Zone(device: "intel-rapl-mmio:0", name: "package-0", microjoules: "2999000000"),
            ]
        case .awkwardParts:
            [
                Zone(device: "intel-rapl:0", name: "package-0", microjoules: "3000000000"),
                Zone(device: "intel-rapl:0:0", name: "core", microjoules: "garbage"),
                Zone(device: "intel-rapl:0:1", name: "dram", microjoules: ""),
                Zone(device: "intel-rapl:0:2", name: "npu", microjoules: "40000000"),
                Zone(device: "intel-rapl:1", name: "accelerator", microjoules: "70000000"),
            ]
        case .platformAlone:
            [Zone(device: "intel-rapl:0", name: "psys", microjoules: "1234567", range: nil)]
        }
    }
}
