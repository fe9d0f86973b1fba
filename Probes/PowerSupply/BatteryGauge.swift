import Glibc
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

    /// What a battery does at one time.
    enum Flow: Equatable {
        /// Watts drawn by the box.
        case drawn(Double)
        /// No power flows, as the status says.
        case idle
        /// No power flows, and the status says nothing: the idle one of two batteries of a laptop.
        case silent
        /// Power flows in a direction that the status does not say.
        case unknown(watts: Double, status: String)
        case charged
    }

    /// - Throws: ``KerfError/Code/notFound`` for a battery that reports neither power nor voltage and current, or no
    ///   status.
    init(_ supply: PowerSupply) throws(KerfError) {
        name = supply.name
        // Whatever is there under this name: one that is no file is an attribute that cannot be read.
        let has = { (attribute: String) in access(supply.directory.appending(attribute).string, F_OK) == 0 }
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

    /// Whether the battery is being discharged by its own account, so that a total without it is not the box's.
    ///
    /// - Throws: the error of a status that cannot be read.
    func isDischarging() throws(KerfError) -> Bool { try status.text() == PowerSupply.Status.discharging.rawValue }

    /// - Throws: the error of a failed read; ``KerfError/Code/implausibleReading`` for a power beyond any box's.
    func flow() throws(KerfError) -> Flow {
        let text = try status.text()
        switch PowerSupply.Status(rawValue: text) {
        case .discharging: return .drawn(try watts())
        case .charging: return .charged
        case .full, .notCharging: return .idle
        case .unknown, nil:
            let watts = try watts()
            return watts == 0 ? .silent : .unknown(watts: watts, status: text)
        }
    }

    private func watts() throws(KerfError) -> Double {
        let microwatts: Double
        if let current {
            // Microvolts times microamperes are 1e-6 microwatts.
            microwatts = Double(try first.integer().magnitude) * Double(try current.integer().magnitude) * 1e-6
        } else {
            microwatts = Double(try first.integer().magnitude)
        }
        let watts = microwatts / 1e6
        if let flaw = Self.flaw(of: watts) {
            throw KerfError(
                .implausibleReading, "power of \(watts) W is not to be believed: \(flaw)", at: (current ?? first).path)
        }
        return watts
    }

    /// Power on which no box runs: drivers give -1, in micro units, for a value that they do not know.
    private static let minimumWatts = 1e-3

    private static func flaw(of watts: Double) -> String? {
        if watts >= EnergyCounter.maximumWatts { return "it is beyond any battery's" }
        return watts > 0 && watts < minimumWatts ? "no box runs on so little" : nil
    }

    /// The error of a battery whose power is not the box's.
    func refusal(_ flow: Flow) -> KerfError {
        let text =
            switch flow {
            case .drawn, .idle, .silent: "no power is drawn from the battery"
            case .unknown(_, let status):
                "the battery is not being discharged: its status is \(PlainText.quoted(status))"
            case .charged: "the battery is not being discharged: its status is \"Charging\""
            }
        return KerfError(.notFound, text, at: status.path, remedy: "unplug the box, so that it runs on its battery")
    }
}
