import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// The server's power while it computes, at the frequency it was profiled at, and its source.
struct ServerPower {
    var watts: Estimate
    var origin: Origin
    /// One sentence.
    var source: String

    /// A power that the user declares.
    static func declared(_ watts: Double) throws(KerfError) -> ServerPower {
        guard watts > 0, watts <= 1e7 else {
            throw KerfError(.invalidArgument, "the server's declared power must be more than 0 and at most 1e7 watts")
        }
        return ServerPower(
            watts: Estimate(value: watts, halfWidth: .infinity, count: 0), origin: .modelled,
            source: "The server's power is declared: \(watts) W at the frequency it was profiled at.")
    }

    /// Mean power of the measured step.
    static func ofStep(_ server: Calibration, _ account: EnergyAccount) -> ServerPower? {
        let quantity = account == .net ? server.step.netPowerWatts : server.step.grossPowerWatts
        guard let watts = quantity.estimate, watts.value > 0 else { return nil }
        return ServerPower(
            watts: watts, origin: quantity.origin,
            source: "The server's power is the mean \(account.rawValue) power of its training step.")
    }

    /// The rated power, P = ξ f³ at the highest frequency, scaled to the running frequency.
    static func rated(_ server: Calibration) -> ServerPower? {
        guard let rated = server.rated.powerWatts.value, rated > 0 else { return nil }
        var ratio = 1.0
        if let running = server.frequency.runningHertz.value, let highest = server.frequency.maximumHertz.value,
            running > 0, highest > 0
        {
            ratio = running / highest
        }
        return ServerPower(
            watts: Estimate(value: rated * ratio * ratio * ratio, halfWidth: .infinity, count: 0),
            origin: Origin.weakest([.modelled, server.rated.powerWatts.origin]),
            source: "The server's power is xi f^3, with xi from its rated power at its highest frequency.")
    }
}
