import SystemIO

/// An error of the energy meter, told apart from those of the measured step: a meter that fails costs the run its
/// energy, a step that fails ends it.
struct MeterFailure: Error {
    let error: KerfError

    /// Reads the meter, and marks its error as one.
    static func marking<Result>(_ read: () throws(KerfError) -> Result) throws(MeterFailure) -> Result {
        do throws(KerfError) {
            return try read()
        } catch {
            throw MeterFailure(error: error)
        }
    }
}
