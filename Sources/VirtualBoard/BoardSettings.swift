/// The settings of a virtual board.
package struct BoardSettings: Sendable, Hashable {
    package var power = BoardPower()
    /// Offered frequencies, ascending, in hertz; the first and the last are the limits. Any frequency between may be set.
    package var frequenciesHertz: [Double] = stride(from: 8, through: 26, by: 2).map { Double($0) * 1e8 }
    /// Processors of the board's only policy.
    package var processors = 1
    /// Thermal design power, the long-term limit of the package, in watts.
    package var ratedWatts = 28.0
    /// Initial value of each counter in microjoules, modulo the domain's range.
    package var initialMicrojoules: UInt64 = 10_000_000
    /// Range of every counter but the memory's: 2^32 - 1 units of 61 µJ, the unit of client processors.
    package var rangeMicrojoules: UInt64 = 262_143_328_850
    /// Range of memory's counter: 2^32 - 1 units of 15.3 µJ, the unit that servers use for memory.
    package var dramRangeMicrojoules: UInt64 = 65_712_999_613
    package var ambientCelsius = 30.0
    /// Steady-state rise above ambient per watt of the package.
    package var celsiusPerWatt = 1.8
    /// Thermal time constant: the distance to the steady temperature shrinks to 37 % in this time.
    package var thermalSeconds = 8.0

    package init() {}

    var minimumHertz: Double { frequenciesHertz.first ?? 0 }
    var maximumHertz: Double { frequenciesHertz.last ?? 0 }

    func range(of domain: BoardDomain) -> UInt64 { domain == .dram ? dramRangeMicrojoules : rangeMicrojoules }
}
