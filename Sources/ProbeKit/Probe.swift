import SystemIO

/// Something that turns one Linux interface into typed readings.
///
/// A probe is made for one ``SystemRoot`` and touches nothing outside it. Making one never fails: what is wrong is
/// told by ``availability()``.
package protocol Probe: Sendable {
    /// The name shown to the reader: `RAPL`, `cpufreq`, `lm-sensors`.
    var name: String { get }
    /// The interface in the kernel's or library's own words: `powercap`, `libsensors`.
    var interface: String { get }

    /// Looks at the interface now.
    func availability() -> Availability

    /// Every sensor's value now. A sensor that fails is left out and reported beside the values, so that one bad
    /// chip never hides the good ones.
    func readings() -> ProbeReadings
}

/// What one look at a probe gave.
package struct ProbeReadings: Sendable {
    package var readings: [Reading]
    /// Sensors that could not be read, one error each.
    package var failures: [KerfError]

    package init(readings: [Reading] = [], failures: [KerfError] = []) {
        self.readings = readings
        self.failures = failures
    }
}
