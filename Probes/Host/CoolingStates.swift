import Synchronization
import SystemIO
import SystemPackage

/// What slows the processors of a box without throttle counters, such as an Arm board: the kernel's cooling devices, and the
/// firmware of a Raspberry Pi. Each is a state, not a counter; a change of it is counted when it is seen, but that bits of the
/// firmware are cleared, which the kernel asks for. The firmware is asked every two seconds, so that a change may be counted
/// that much later.
///
/// - A cooling device of a processor caps its frequency (`cpufreq-cpu0`, before Linux 5.12 `thermal-cpufreq-0`) or makes it
///   idle (`idle-cpu0`, `thermal-idle-0`). `cur_state` is 0 while it does nothing. `stats/total_trans`, where the kernel
///   keeps it, also counts changes that come and go between two readings.
/// - The firmware of a Raspberry Pi slows its cores without the kernel: `get_throttled` of the vendor's kernel has a bit for
///   each reason. The alarm of `rpi_volt` is the one of them that every kernel has, that the voltage is too low.
///
/// Source: Documentation/driver-api/thermal/sysfs-api.rst, cpu-cooling-api.rst, cpu-idle-cooling.rst; drivers/hwmon,
/// raspberrypi-hwmon.c; Raspberry Pi documentation, `vcgencmd get_throttled`.
final class CoolingStates: Sendable {
    struct Source: Sendable {
        /// `cpufreq-cpu0`, `firmware`.
        let name: String
        let file: HeldFile
        /// Bits of what has happened, in hexadecimal.
        let isHexadecimal: Bool

        func value() throws(KerfError) -> UInt64 {
            guard isHexadecimal else { return try file.counter() }
            let text = try file.text()
            guard let value = UInt64(text.hasPrefix("0x") ? String(text.dropFirst(2)) : text, radix: 16) else {
                throw KerfError(
                    .invalidReading, "expected a hexadecimal number, found \(PlainText.quoted(text))", at: file.path)
            }
            return value
        }
    }

    private struct Seen {
        var values: [UInt64]?
        var changes: UInt64 = 0
    }

    /// Whether a reading differs from the one before; bits that are cleared are no change.
    private static func differs(_ source: Source, _ before: UInt64, _ now: UInt64) -> Bool {
        source.isHexadecimal ? now & ~before != 0 : now != before
    }

    /// States only, without their counts of changes.
    let states: [Source]
    /// Why a file that exists is not among the sources; the first of several.
    let failure: KerfError?
    private let watched: [Source]
    private let seen = Mutex(Seen())

    init(root: SystemRoot) {
        var states: [Source] = []
        var counts: [Source] = []
        var failure: KerfError?
        func hold(_ name: String, _ path: FilePath, in sources: inout [Source], isHexadecimal: Bool = false) {
            do throws(KerfError) {
                guard let file = try HeldFile(ifPresent: path) else { return }
                sources.append(Source(name: name, file: file, isHexadecimal: isHexadecimal))
            } catch {
                failure = failure ?? error
            }
        }
        for device in root.entries(of: "sys/class/thermal", prefix: "cooling_device") {
            // A device without a type is not a processor's.
            guard let type = try? SysfsFile.text(at: device.appending("type")),
                Self.processorPrefixes.contains(where: { type.hasPrefix($0) })
            else { continue }
            hold(type, device.appending("cur_state"), in: &states)
            hold(type, device.appending("stats/total_trans"), in: &counts)
        }
        // A driver's directory also holds its own files, `bind` and others.
        for device in root.entries(of: "sys/bus/platform/drivers/raspberrypi-firmware") where root.isDirectory(device) {
            hold("firmware", device.appending("get_throttled"), in: &states, isHexadecimal: true)
        }
        for chip in root.entries(of: "sys/class/hwmon") {
            // A chip without a name is not this one.
            guard (try? SysfsFile.text(at: chip.appending("name"))) == "rpi_volt" else { continue }
            hold("low voltage", chip.appending("in0_lcrit_alarm"), in: &states)
        }
        self.states = states
        self.failure = failure
        watched = states + counts
    }

    private static let processorPrefixes = ["cpufreq-", "thermal-cpufreq-", "idle-", "thermal-idle-"]

    /// Readings so far in which a state or a count was another one than in the reading before; `nil` on a box without any.
    func changeCount() throws(KerfError) -> UInt64? {
        if watched.isEmpty { return nil }
        var values: [UInt64] = []
        for source in watched { values.append(try source.value()) }
        return seen.withLock { seen in
            if let before = seen.values,
                watched.indices.contains(where: { Self.differs(watched[$0], before[$0], values[$0]) })
            {
                seen.changes += 1
            }
            seen.values = values
            return seen.changes
        }
    }
}

extension SystemRoot {
    /// The entries of a class's or a driver's directory.
    func entries(of directory: String, prefix: String = "") -> [FilePath] {
        let directory = file(directory)
        return names(in: directory).filter { $0.hasPrefix(prefix) }
            .map { resolvingFlattenedLink(directory.appending($0)) }
    }
}
