import ArgumentParser
import CARD

/// What excludes cuts from a decision.
package struct LimitOptions: ParsableArguments {
    package init() {}

    @Option(help: ArgumentHelp("Memory of the device for its layers, such as 4gib.", valueName: "bytes"))
    package var deviceMemory: ByteCount?

    @Option(help: ArgumentHelp("Memory of the server for its layers.", valueName: "bytes"))
    package var serverMemory: ByteCount?

    @Option(help: ArgumentHelp("Blocks that must stay on the device, for privacy. (default: 0)", valueName: "number"))
    package var minCut: Int?

    package var limits: CutLimits {
        CutLimits(
            deviceMemoryBytes: deviceMemory?.bytes, serverMemoryBytes: serverMemory?.bytes, minimumCut: minCut ?? 0)
    }

    /// The first option that is given.
    package var firstGiven: String? {
        [
            ("--device-memory", deviceMemory != nil), ("--server-memory", serverMemory != nil),
            ("--min-cut", minCut != nil),
        ].first(where: \.1)?.0
    }
}
