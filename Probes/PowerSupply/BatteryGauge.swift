import ProbeKit
import SystemIO
import SystemPackage

/// What one battery gives the box, on held descriptors.
///
/// The sign of power and current says nothing that can be relied on: the kernel's document asks for negative values while
/// a battery is discharged, most drivers give positive ones, and some the opposite (Documentation/ABI/testing/sysfs-class-power,
/// and the change that documented it). So the amount is taken, and the direction from `status`.
struct BatteryGauge: Sendable {
    let name: String
    private let status: HeldFile
    /// Power, or the voltage where there is no power.
    private let first: HeldFile
    private let current: HeldFile?

    /// - Throws: ``KerfError/Code/notFound`` for a battery that tells neither power nor voltage and current, or not
    ///   whether it is being discharged.
    init(_ supply: PowerSupply) throws(KerfError) {
        name = supply.name
        let has = { (attribute: String) in SystemRoot().isRegularFile(supply.directory.appending(attribute)) }
        guard has("status") else {
            throw KerfError(
                .notFound, "does not tell whether the battery is being discharged: there is no status",
                at: supply.directory, remedy: "its driver does not tell it; use another meter")
        }
        status = try HeldFile(supply.directory.appending("status"))
        if has("power_now") {
            (first, current) = (try HeldFile(supply.directory.appending("power_now")), nil)
        } else if has("current_now"), has("voltage_now") {
            first = try HeldFile(supply.directory.appending("voltage_now"))
            current = try HeldFile(supply.directory.appending("current_now"))
        } else {
            throw KerfError(
                .notFound, "the battery tells neither its power nor its voltage and current", at: supply.directory,
                remedy: "its driver does not tell them; use another meter")
        }
    }

    /// Watts that the box draws from the battery.
    ///
    /// - Throws: ``KerfError/Code/notFound`` while it is being charged, or does not say what it does: what it takes up
    ///   then is not what the box draws. A battery that rests gives nothing.
    func watts() throws(KerfError) -> Double {
        let told = try status.text()
        guard let state = PowerSupply.Status(rawValue: told), state != .unknown, state != .charging else {
            throw KerfError(
                .notFound, "the battery is not being discharged: it says \(SysfsFile.quoted(told))", at: status.path,
                remedy: "pull the plug, so that the box runs on its battery")
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
            throw KerfError(.invalidReading, "power of \(watts) W is not to be believed", at: first.path)
        }
        return watts
    }
}
