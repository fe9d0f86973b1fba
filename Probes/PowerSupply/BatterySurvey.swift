import SystemIO

/// The batteries of a box at one time: those that power it or may, those that are idle, and those that fail.
struct BatterySurvey {
    /// Batteries of the total.
    private(set) var counted: [BatteryGauge] = []
    /// Idle batteries whose status is unknown, which a laptop reports of the one of its two batteries that it does not use.
    private(set) var silent: [BatteryGauge] = []
    /// Batteries that cannot be read and are not known to be discharged: they do not hide the others.
    private(set) var failures: [(battery: String, error: KerfError)] = []
    /// Why the power of a battery is not the box's.
    private(set) var refusal: KerfError?
    private var isAnyDrawn = false
    private var undirected: [KerfError] = []

    var isEmpty: Bool { counted.isEmpty && silent.isEmpty && failures.isEmpty && refusal == nil }

    /// - Throws: the error of a battery that is being discharged and cannot be read: the total would lack it.
    mutating func add(_ battery: PowerSupply) throws(KerfError) {
        var gauge: BatteryGauge?
        do throws(KerfError) {
            let made = try BatteryGauge(battery)
            gauge = made
            try add(made)
        } catch {
            // A status that cannot be read either leaves the battery unknown, like one that never had a status.
            if let gauge, (try? gauge.isDischarging()) == true { throw error }
            failures.append((battery.name, error))
        }
    }

    private mutating func add(_ gauge: BatteryGauge) throws(KerfError) {
        let flow = try gauge.flow()
        switch flow {
        case .drawn(let watts):
            isAnyDrawn = isAnyDrawn || watts > 0
            counted.append(gauge)
        case .idle: counted.append(gauge)
        case .silent: silent.append(gauge)
        case .unknown:
            counted.append(gauge)
            undirected.append(gauge.refusal(flow))
        case .charged: refusal = refusal ?? gauge.refusal(flow)
        }
    }

    /// Whether the box runs on its batteries.
    ///
    /// - Parameter unplugged: whether mains power is known to be disconnected; then a battery of unknown status powers the box.
    mutating func isDrawn(unplugged: Bool) -> Bool {
        guard refusal == nil else { return false }
        if isAnyDrawn || (unplugged && !undirected.isEmpty) { return true }
        refusal = undirected.first
        return false
    }
}
