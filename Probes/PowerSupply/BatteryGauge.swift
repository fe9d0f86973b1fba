import ProbeKit
import SystemIO
import SystemPackage

/// Power that the box draws from one battery, on held descriptors.
///
/// The sign of power and current is not reliable: the kernel's documentation requires negative values while a battery is
/// discharged, but most drivers report positive ones (Documentation/ABI/testing/sysfs-class-power). So the magnitude is
/// used, with the direction from `status`.
struct BatteryGauge: Sendable {
    let name: String
    private let status: HeldFile
    /// Power, or the voltage where there is no power.
    private let first: HeldFile
    private let current: HeldFile?

    /// - Throws: ``KerfError/Code/notFound`` for a battery that reports neither power nor voltage and current, or no
    ///   status.
    init(_ supply: PowerSupply) throws(KerfError) {
        name = supply.name
        let has = { (attribute: String) in SystemRoot().isRegularFile(supply.directory.appending(attribute)) }
        guard has("status") else {
            throw KerfError(
                .notFound, "has no status: it is not known whether the battery is being discharged",
                at: supply.directory, remedy: "its driver does not report it; use another meter")
        }
        status = try HeldFile(supply.directory.appending("status"))
        if has("power_now") {
            (first, current) = (try HeldFile(supply.directory.appending("power_now")), nil)
        } else if has("current_now"), has("voltage_now") {
            first = try HeldFile(supply.directory.appending("voltage_now"))
            current = try HeldFile(supply.directory.appending("current_now"))
        } else {
            throw KerfError(
                .notFound, "the battery reports neither its power nor its voltage and current", at: supply.directory,
                remedy: "its driver does not report them; use another meter")
        }
    }

    /// Power that the box draws from the battery, in watts; 0 for an idle battery.
    ///
    /// - Throws: ``KerfError/Code/notFound`` while it is being charged or its status is unknown, since its power is not the
    ///   box's then.
    func watts() throws(KerfError) -> Double {
        let text = try status.text()
        guard let state = PowerSupply.Status(rawValue: text), state != .unknown, state != .charging else {
            throw KerfError(
                .notFound, "the battery is not being discharged: its status is \(PlainText.quoted(text))",
                at: status.path,
                remedy: "unplug the box, so that it runs on its battery")
        }
        guard state == .discharging else { return 0 }
        let microwatts: Double
        if let current {
            // Microvolts times microamperes are 1e-6 microwatts.
            microwatts = Double(try first.integer().magnitude) * Double(try current.integer().magnitude) * 1e-6
        } else {
            microwatts = Double(try first.integer().magnitude)
        }
        let watts = microwatts * 1e-6
        guard watts < EnergyCounter.maximumWatts else {
            throw KerfError(.invalidReading, "power of \(watts) W is implausible", at: first.path)
        }
        return watts
    }
}
