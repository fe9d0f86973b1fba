import ProfileFormat

/// One task's energy window, and what the box did meanwhile.
struct Measurement {
    var subject: EnergyWindow.Subject
    /// How often the subject ran; 0 for the idle box and when the meter failed.
    var iterations = 0
    /// Whether samples that were taken meanwhile may be used.
    var isUndisturbed = false
    /// Why the samples, or the window alone, are not used.
    var rejection: String?
    /// `nil` without a meter, and when the window is not used.
    var window: EnergyWindow?
    /// The frequency at the end, in hertz, where it is known.
    var frequencyHertz: Double?
    /// Why the meter cannot be used from now on, nor what it reported before.
    var meterFailure: String?
}
