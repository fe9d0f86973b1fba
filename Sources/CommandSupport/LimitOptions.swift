import ArgumentParser
import CARD
import SystemIO

/// What excludes cuts from a decision.
package struct LimitOptions: ParsableArguments {
    package init() {}

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Memory of the device for its layers, such as 4gib.", valueName: "bytes"))
    package var deviceMemory: [ByteCount] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Memory of the server for its layers.", valueName: "bytes"))
    package var serverMemory: [ByteCount] = []

    @Option(help: ArgumentHelp("Blocks that must stay on the device, for privacy. (default: 0)", valueName: "number"))
    package var minCut: Int?

    /// The limits of one device and one server.
    package var limits: CutLimits {
        get throws {
            CutLimits(
                deviceMemoryBytes: try deviceMemoryBytes(of: 1)[0], serverMemoryBytes: try serverMemoryBytes(of: 1)[0],
                minimumCut: minCut ?? 0)
        }
    }

    package func deviceMemoryBytes(of devices: Int) throws(KerfError) -> [Double?] {
        try BoxValues.spread(deviceMemory.map(\.bytes), over: devices, "device", of: "--device-memory")
    }

    package func serverMemoryBytes(of servers: Int) throws(KerfError) -> [Double?] {
        try BoxValues.spread(serverMemory.map(\.bytes), over: servers, "server", of: "--server-memory")
    }

    /// The first option that is given.
    package var firstGiven: String? {
        [
            ("--device-memory", !deviceMemory.isEmpty), ("--server-memory", !serverMemory.isEmpty),
            ("--min-cut", minCut != nil),
        ].first(where: \.1)?.0
    }
}
