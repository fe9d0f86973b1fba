import CSensors
import ProbeKit
import SystemIO
import SystemPackage

/// Temperatures, fans, voltages, currents, power and energy of the box's monitoring chips.
///
/// There are two ways in, and both give the same ``SensorChip`` values. On the running system libsensors reads the
/// chips, since it applies the board's configuration (/etc/sensors3.conf: labels, voltage dividers, unconnected
/// inputs) that the kernel does not know. But libsensors looks at /sys and nowhere else, so a captured box or a
/// virtual board is read by ``HwmonReader``, from the same files, without that configuration.
package struct LMSensorsProbe: Probe {
    package let name = "lm-sensors"
    package var interface: String { root.isLive ? "libsensors" : "hwmon" }
    package let root: SystemRoot

    package init(root: SystemRoot = SystemRoot()) {
        self.root = root
    }

    /// The version of the libsensors that is linked: `3.6.0`.
    package static func libraryVersion() -> String { String(cString: kerf_libsensors_version()) }

    /// All chips now.
    package func survey() -> SensorSurvey {
        root.isLive ? Libsensors.survey() : HwmonReader(root: root).survey()
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
                .forbidden, reason: "no sensor below \(place) may be read: \(denied)",
                remedy: "run as root, or give this user read access to the files in \(place)/*/")
        }
        if let failure = survey.failures.first {
            return Availability(
                .absent, reason: "no sensor below \(place) could be read: \(failure)", remedy: .text(remedy))
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
                // Drivers may repeat a label, and two chips may share a name: a sensor's name must not.
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

    /// What read the chips, for the doctor: its version decides which sensors it knows.
    private var library: String { root.isLive ? ", libsensors \(Self.libraryVersion())" : "" }

    private var remedy: String {
        guard root.isLive else { return "put the box's \(HwmonReader.classDirectory) into the tree" }
        return "a virtual machine has none; on hardware run `sudo sensors-detect` (package lm-sensors) and load the "
            + "modules it names"
    }
}
