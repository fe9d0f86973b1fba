import ProfileFormat

/// Finds out which other processes use the processors.
///
/// Reading all processes takes milliseconds, so that it is done between steps and windows, and seldom.
package protocol ProcessMonitor: AnyObject {
    /// Reads the processor time of all processes that can be seen. The first call is the start.
    func sample()
    /// The processes that have used the most processor time between the first sample and the last.
    ///
    /// - Returns: at most so many, the largest first; none that used none.
    func largest(_ count: Int) -> [OtherProcess]
}
