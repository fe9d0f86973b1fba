/// Which meter a run asks for.
package struct MeterRequest: Sendable {
    /// Directory of a virtual board; `nil` for the running system.
    package var board: String?
    /// The only backend to try; `nil` for the first that works.
    package var backend: MeterBackend?
    /// Power rails of hwmon chips that add up to the box, where the caller names them.
    package var rails: [String]
    /// A declared power model in place of a meter.
    package var powerModel: PowerModel?

    package init(
        board: String? = nil, backend: MeterBackend? = nil, rails: [String] = [], powerModel: PowerModel? = nil
    ) {
        self.board = board
        // Rails that were named are wanted.
        self.backend = backend ?? (rails.isEmpty ? nil : .hwmon)
        self.rails = rails
        self.powerModel = powerModel
    }
}
