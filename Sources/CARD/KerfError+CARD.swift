import SystemIO

extension KerfError.Code {
    /// The two calibrations are not of the same model and workload.
    public static let incompatible = KerfError.Code("incompatible", .badData)
    /// A calibration or link lacks what the model level needs.
    public static let incomplete = KerfError.Code("incomplete", .badData)
    /// The server's energy is not known, and the weight asks for it.
    public static let noEnergy = KerfError.Code("no_energy", .unavailable)
    /// Limits that leave no cut.
    public static let infeasible = KerfError.Code("infeasible", .unavailable)
}
