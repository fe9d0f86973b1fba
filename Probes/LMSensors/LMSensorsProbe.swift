import CSensors
import ProbeKit
import SystemIO
import SystemPackage

/// Temperatures, fans, voltages, currents, power and energy of the box's monitoring chips.
///
/// On the running system libsensors reads the chips, since it applies the board's configuration (/etc/sensors3.conf: labels,
/// voltage dividers, unconnected inputs), which the kernel does not know. libsensors reads /sys only, so
/// ``HwmonReader`` reads the same files of a captured box or a virtual board, without that configuration. Both return
/// ``SensorChip`` values.
package struct LMSensorsProbe: Probe {
    package let name = "lm-sensors"
    package var interface: String { root.isLive ? "libsensors" : "hwmon" }
    package let root: SystemRoot

    package init(root: SystemRoot = SystemRoot()) {
        self.root = root
    }

    /// The version of the libsensors that is linked: `3.6.0`.
    package static func libraryVersion() -> String { String(cString: kerf_libsensors_version()) }

    /// Reads all chips.
    package func survey() -> SensorSurvey {
        guard root.isLive else { return HwmonReader(root: root).survey() }
        var survey = Libsensors.survey()
        // libsensors passes over a chip whose directory is hidden. Without sysfs it does not start.
        survey.failures = HwmonReader(root: root).obstacles + survey.failures
        return survey
    }

    package func availability() -> Availability {
        let survey = survey()
        let chips = survey.chips.filter { !$0.features.isEmpty }.count
        if chips > 0 {
            let sensors = survey.chips.reduce(0) { $0 + $1.features.count }
            return Availability(
                .present,
                reason: "\(sensors) sensor\(sensors == 1 ? "" : "s") on \(chips) chip\(chips == 1 ? "" : "s")\(library)"
            )
        }
        let place = root.file(HwmonReader.classDirectory).string
        if let denied = survey.failures.first(where: { $0.code == .permissionDenied }) {
            return Availability(
                .forbidden, reason: "no sensor below \(place) may be read: \(denied.placed)",
                remedy: remedied(denied).remedy)
        }
        if let failure = survey.failures.first {
            return Availability(
                Availability.Status(failure.code),
                reason: "no sensor below \(place) could be read: \(failure.placed)",
                remedy: failure.code == .notFound ? failure.remedy ?? .text(remedy) : remedied(failure).remedy)
        }
        let found = survey.chips.isEmpty ? "no hwmon chips" : "hwmon chips without sensors"
        return Availability(.absent, reason: "\(found) in \(place)\(library)", remedy: .text(remedy))
    }

    package func readings() -> ProbeReadings {
        let survey = survey()
        var readings: [Reading] = []
        var timesSeen: [String: Int] = [:]
        for chip in survey.chips {
            let labels = Dictionary(grouping: chip.features, by: \.label)
            for feature in chip.features {
                // Drivers may repeat a label; sensor names are unique.
                let shared = (labels[feature.label]?.count ?? 0) > 1
                let sensor = "\(chip.name)/\(feature.label)" + (shared ? " (\(feature.name))" : "")
                let times = timesSeen[sensor, default: 0] + 1
                timesSeen[sensor] = times
                readings.append(
                    Reading(
                        sensor: times > 1 ? "\(sensor) #\(times)" : sensor, value: feature.value, unit: feature.unit))
            }
        }
        return ProbeReadings(readings: readings, failures: survey.failures)
    }

    /// The library that read the chips, for the doctor: its version determines which sensors it knows.
    private var library: String { root.isLive ? ", libsensors \(Self.libraryVersion())" : "" }

    private var remedy: String {
        guard root.isLive else { return "add the box's \(HwmonReader.classDirectory) to the tree" }
        return "a virtual machine has none; on hardware run `sudo sensors-detect` (package lm-sensors) and load the "
            + "modules it names"
    }
}
