import SystemIO
import SystemPackage

/// The file of the processor's temperature, in thousandths of a degree.
///
/// Source: Documentation/hwmon/coretemp.rst, k10temp.rst; Documentation/driver-api/thermal/sysfs-api.rst, `type` and `temp`;
/// device trees of Arm boards, whose zones are named by what lies there.
enum ProcessorTemperature {
    /// Beginnings of the names of chips and thermal zones, the best one first. A zone's chip has its name, with `_` for `-`.
    private static let names = [
        "coretemp", "k10temp", "zenpower", "kerf_board", "cpu", "CPU", "bigcore", "big-core", "package", "soc", "SoC",
    ]

    /// The first sensor of the best chip, or without one the best thermal zone, as most boards of Arm have it; `nil` where
    /// nothing is named like a processor.
    ///
    /// - Throws: the error of such a sensor that cannot be opened, where no other can.
    static func file(_ root: SystemRoot) throws(KerfError) -> HeldFile? {
        var failure: KerfError?
        for (directory, prefix, name, sensor) in [
            ("sys/class/hwmon", "hwmon", "name", "temp1_input"), ("sys/class/thermal", "thermal_zone", "type", "temp"),
        ] {
            let ranked = root.entries(of: directory, prefix: prefix).compactMap {
                place -> (rank: Int, place: FilePath)? in
                // What has no name is not one of these.
                guard let text = try? SysfsFile.text(at: place.appending(name)) else { return nil }
                return names.firstIndex { text.hasPrefix($0) }.map { ($0, place) }
            }
            for (_, place) in ranked.sorted(by: { $0.rank < $1.rank }) {
                do throws(KerfError) {
                    return try HeldFile(place.appending(sensor))
                } catch {
                    failure = failure ?? error
                }
            }
        }
        if let failure { throw failure }
        return nil
    }
}

extension HostProbe {
    /// The file of the processor's temperature, in thousandths of a degree; `nil` where no sensor is named like a processor.
    ///
    /// - Throws: the error of such a sensor that cannot be opened, where no other can.
    package func processorTemperature() throws(KerfError) -> HeldFile? { try ProcessorTemperature.file(root) }
}
