import Glibc
import SystemIO
import SystemPackage

/// A simulated box: a tree of the files that a real one shows below `/sys`, whose energy is the stated function of
/// time, of a process's processor time and of the clock set in the tree.
///
/// ``advance(to:processCPUSeconds:)`` is pure in simulated time; ``serve(measuring:intervalSeconds:until:)`` feeds it
/// from the clocks. Whatever is read from the tree is ``Origin/simulated``, told by the marker in it.
package final class VirtualBoard {
    package let root: SystemRoot
    package let settings: BoardSettings
    let tree: BoardTree
    private let lock: BoardLock
    private var seconds = 0.0
    private var cpuSeconds = 0.0
    private var joules = [Double](repeating: 0, count: BoardDomain.allCases.count)
    private var averaged = (seconds: 0.0, packageJoules: 0.0, platformJoules: 0.0)
    private var celsius: Double
    private var hertz: Double

    /// Average power is shown over windows of this length.
    private static let averageSeconds = 0.1

    /// Makes the board's tree below `root`, at time zero, in a directory that is new, empty, or an earlier board's.
    ///
    /// - Throws: ``KerfError`` with code ``KerfError/Code/inUse`` for a directory with other files in it (nothing
    ///   in it is touched) and for one that another process serves; else that of the failed file operation.
    package init(root path: FilePath, settings: BoardSettings = BoardSettings()) throws(KerfError) {
        let root = SystemRoot(path)
        precondition(!settings.frequenciesHertz.isEmpty, "a board has at least one clock")
        precondition(settings.rangeMicrojoules > 0 && settings.dramRangeMicrojoules > 0, "a counter has a range")
        let marker = BoardMarker.read(in: root)
        guard marker != nil || root.names(in: path).isEmpty, !root.isLive else {
            throw KerfError(
                .inUse, "holds files that are not a virtual board's", at: path,
                remedy: "name a new or empty directory")
        }
        try BoardFiles.makeDirectory(root.file("kerf"))
        guard let lock = try BoardLock(root) else {
            let server = marker?.pid.map { " (process \($0))" } ?? ""
            throw KerfError(
                .inUse, "a virtual board is served there already\(server)", at: path,
                remedy: "use that board, or name another directory")
        }
        self.lock = lock
        self.root = root
        self.settings = settings
        celsius = settings.ambientCelsius
        hertz = settings.maximumHertz
        // The marker comes first: no part of the tree is ever without it.
        try Self.marker(settings, pid: nil, root: root).write()
        tree = try BoardTree(root: root, settings: settings)
    }

    /// Energy since time zero, in joules, before the counter's wraps and its rounding down to microjoules.
    package func joules(of domain: BoardDomain) -> Double { joules[domain.rawValue] }

    /// Brings the tree to a later moment.
    ///
    /// The clock that the tree allows now stands for the whole time since the last call, so calls belong close
    /// together where the clock changes. Energy follows the time that has really passed: a late call makes counters
    /// stale for longer, never wrong.
    ///
    /// - Parameters:
    ///   - seconds: since time zero; a moment that lies before the last one changes nothing.
    ///   - processCPUSeconds: processor time of the measured process since time zero.
    package func advance(to seconds: Double, processCPUSeconds: Double) throws(KerfError) {
        guard seconds >= self.seconds else { return }
        let elapsed = seconds - self.seconds
        let used = max(0, processCPUSeconds - cpuSeconds)
        self.seconds = seconds
        cpuSeconds += used
        readFrequencyLimit()
        for domain in BoardDomain.allCases {
            joules[domain.rawValue] += settings.power.joules(
                domain: domain, seconds: elapsed, cpuSeconds: used, frequencyHertz: hertz)
        }
        for domain in BoardDomain.allCases {
            try tree.energy[domain.rawValue].write(counter(of: domain))
        }
        try tree.currentFrequency.write(BoardTree.kilohertz(hertz))
        try showAverages()
    }

    private func counter(of domain: BoardDomain) -> UInt64 {
        let drawn = UInt64(joules[domain.rawValue] * 1e6)
        return (settings.initialMicrojoules + drawn) % settings.range(of: domain)
    }

    /// Takes the clock that is set, within the board's limits; while there is no number, the last one stays.
    private func readFrequencyLimit() {
        guard let kilohertz = try? tree.frequencyLimit.counter() else { return }
        hertz = min(max(Double(kilohertz) * 1000, settings.minimumHertz), settings.maximumHertz)
    }

    /// Temperature and average power move slowly and are written seldom.
    private func showAverages() throws(KerfError) {
        let elapsed = seconds - averaged.seconds
        guard elapsed >= Self.averageSeconds else { return }
        let package = joules(of: .package)
        let watts = (package - averaged.packageJoules) / elapsed
        let platform = joules(of: .psys)
        try tree.batteryPower.write(UInt64(max(0, (platform - averaged.platformJoules) / elapsed * 1e6)))
        averaged = (seconds, package, platform)
        // First order: the distance to the steady temperature shrinks by e in each thermal time.
        let steady = settings.ambientCelsius + settings.celsiusPerWatt * watts
        celsius = steady + (celsius - steady) * exp(-elapsed / settings.thermalSeconds)
        try tree.averagePower.write(UInt64(max(0, watts * 1e6)))
        try tree.temperature.write(UInt64(max(0, celsius * 1000)))
    }
}
