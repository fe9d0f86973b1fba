import Glibc
import ProbeKit
import SystemIO
import SystemPackage

/// A simulated box: a tree with the files of a real one below `/sys`. Its energy is the stated function of time, of a
/// process's processor time and of the frequency set in the tree.
///
/// ``advance(to:processCPUSeconds:)`` works in simulated time; ``serve(measuring:intervalSeconds:until:)`` calls it with the
/// system's clocks and slows the measured process down. The tree's marker makes everything that is read from it
/// ``Origin/simulated``.
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
    /// The current frequency.
    private(set) var hertz: Double
    /// Whether a limit below the highest frequency can be enforced. The frequency stays the highest one otherwise.
    var isSlowingPossible = true {
        didSet { if isSlowingPossible != oldValue { tree.permitLimits(isSlowingPossible) } }
    }

    /// Averaging interval of the power attributes.
    private static let averageSeconds = 0.1

    /// Creates the board's tree below `root`, at time zero, in a directory that is new, empty, or an earlier board's.
    ///
    /// - Throws: ``KerfError`` with code ``KerfError/Code/inUse`` for a directory with other files (which are not
    ///   changed) and for one that another process serves; else that of the failed file operation.
    package init(root path: FilePath, settings: BoardSettings = BoardSettings()) throws(KerfError) {
        let root = SystemRoot(path)
        precondition(!settings.frequenciesHertz.isEmpty, "a board has at least one frequency")
        precondition(settings.rangeMicrojoules > 0 && settings.dramRangeMicrojoules > 0, "a counter has a range")
        let marker = BoardMarker.read(in: root)
        guard marker != nil || root.names(in: path).isEmpty, !root.isLive else {
            throw KerfError(
                .inUse, "holds files that are not a virtual board's", at: path,
                remedy: "choose a new or empty directory")
        }
        try BoardFiles.makeDirectory(root.file("kerf"))
        guard let lock = try BoardLock(root) else {
            let server = marker?.pid.map { " (process \($0))" } ?? ""
            throw KerfError(
                .inUse, "a virtual board is already served there\(server)", at: path,
                remedy: "use that board, or choose another directory")
        }
        self.lock = lock
        self.root = root
        self.settings = settings
        celsius = settings.ambientCelsius
        hertz = settings.maximumHertz
        // The marker comes first, so that no part of the tree is ever without it.
        try Self.marker(settings, pid: nil, root: root).write()
        tree = try BoardTree(root: root, settings: settings)
    }

    /// Energy since time zero in joules, without the counter's wraps and its rounding to microjoules.
    package func joules(of domain: BoardDomain) -> Double { joules[domain.rawValue] }

    /// Advances the tree to a later time.
    ///
    /// The tree's current frequency limit is applied to the whole time since the last call, so calls should be close together
    /// when the frequency changes. Energy follows the elapsed time: a late call makes counters stale, not wrong.
    ///
    /// At a frequency below the highest one the process is held for a share of the time. A processor of that frequency
    /// would be busy then, too: each second of processor time stands for ``slowdown`` busy ones.
    ///
    /// - Parameters:
    ///   - seconds: since time zero; an earlier time than the last one has no effect.
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
                domain: domain, seconds: elapsed, cpuSeconds: used * slowdown, frequencyHertz: hertz)
        }
        for domain in BoardDomain.allCases {
            try tree.energy[domain.rawValue].write(counter(of: domain))
        }
        try tree.currentFrequency.write(BoardTree.kilohertz(hertz))
        try updateAverages()
    }

    /// How many times as long the measured process computes as at the highest frequency.
    package var slowdown: Double { settings.maximumHertz / hertz }

    private func counter(of domain: BoardDomain) -> UInt64 {
        let drawn = UInt64(joules[domain.rawValue] * 1e6)
        return (settings.initialMicrojoules + drawn) % settings.range(of: domain)
    }

    /// Reads the frequency limit and clamps it to the board's; keeps the last one while the file holds no number.
    private func readFrequencyLimit() {
        guard let kilohertz = try? tree.frequencyLimit.counter() else { return }
        let limit = min(max(Double(kilohertz) * 1000, settings.minimumHertz), settings.maximumHertz)
        hertz = isSlowingPossible ? limit : settings.maximumHertz
    }

    /// Updates temperature and average power, which change slowly, once per averaging interval.
    private func updateAverages() throws(KerfError) {
        let elapsed = seconds - averaged.seconds
        guard elapsed >= Self.averageSeconds else { return }
        let package = joules(of: .package)
        let watts = (package - averaged.packageJoules) / elapsed
        let platform = joules(of: .psys)
        try tree.batteryPower.write(UInt64(max(0, (platform - averaged.platformJoules) / elapsed * 1e6)))
        averaged = (seconds, package, platform)
        // First order: the distance to the steady temperature shrinks by a factor e per time constant.
        let steady = settings.ambientCelsius + settings.celsiusPerWatt * watts
        celsius = steady + (celsius - steady) * exp(-elapsed / settings.thermalSeconds)
        try tree.averagePower.write(UInt64(max(0, watts * 1e6)))
        try tree.temperature.write(UInt64(max(0, celsius * 1000)))
    }
}

extension VirtualBoard {
    /// The marker of a virtual board's tree; `nil` for any other box.
    package static func marker(in root: SystemRoot) -> BoardMarker? { BoardMarker.read(in: root) }

    static func marker(_ settings: BoardSettings, pid: Int32?, root: SystemRoot) -> BoardMarker {
        BoardMarker(
            pid: pid, power: settings.power, minimumHertz: settings.minimumHertz, maximumHertz: settings.maximumHertz,
            root: root)
    }
}

/// Registration of the process whose processor time a board counts: one at a time, in a file of its tree.
extension VirtualBoard {
    /// Registers the process whose processor time the board in a tree counts from now on.
    ///
    /// - Throws: ``KerfError``: ``KerfError/Code/notFound`` when the tree is not a board's, when no process serves it, and
    ///   for a process that does not exist; ``KerfError/Code/inUse`` while the board counts another running process.
    package static func register(pid: Int32, in root: SystemRoot) throws(KerfError) {
        guard let marker = marker(in: root) else {
            throw KerfError(
                .notFound, "is not a virtual board's tree", at: root.path, remedy: .startBoard(root: nil))
        }
        guard marker.isServed else {
            throw KerfError(
                .notFound, "the virtual board is not running", at: root.path,
                remedy: .startBoard(root: root.path.string))
        }
        try requireProcess(pid, in: root)
        let lock = try RegistrationLock(root)
        let other = lock.registeredPID
        guard other == pid || !MeasuredProcess.exists(other) else {
            throw KerfError(
                .inUse, "the virtual board measures process \(other), which still runs", at: root.path,
                remedy: "wait for its end, or choose another directory")
        }
        try write(pid: pid, in: root)
    }

    /// Removes the registration of a process. Does nothing where another one is registered or the tree is gone.
    package static func unregister(pid: Int32, in root: SystemRoot) {
        guard root.hasVirtualBoard, let lock = try? RegistrationLock(root), lock.registeredPID == pid else { return }
        // A tree that can no longer be written belongs to a board that has ended.
        try? write(pid: 0, in: root)
    }

    /// - Throws: ``KerfError`` with code ``KerfError/Code/notFound`` for a process that does not exist.
    package static func requireProcess(_ pid: Int32, in root: SystemRoot) throws(KerfError) {
        guard MeasuredProcess.exists(pid) else {
            throw KerfError(
                .notFound, "there is no process \(pid) to measure", at: root.path, remedy: "name a running process")
        }
    }

    static func write(pid: Int32, in root: SystemRoot) throws(KerfError) {
        _ = try FixedWidthFile(root.file(BoardTree.measuredPIDFile), UInt64(max(0, pid)))
    }
}
