import Calibration

extension KerfVersion {
    /// Version and configuration: a debug build's figures must not pass for a release build's.
    static var build: String {
        #if DEBUG
            current + " (debug)"
        #else
            current
        #endif
    }
}
