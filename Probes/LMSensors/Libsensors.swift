import CSensors
import Glibc
import ProbeKit
import Synchronization
import SystemIO
import SystemPackage

/// Reads the chips of the running system with libsensors.
///
/// Source: sensors(3). The library keeps its chips in global variables, so one survey runs at a time, from
/// `sensors_init` to `sensors_cleanup`. Initializing for each survey also finds chips that came or went.
enum Libsensors {
    private static let lock = Mutex<Void>(())

    static func survey() -> SensorSurvey {
        lock.withLock { _ in
            var survey = SensorSurvey()
            guard initialize(&survey) else { return survey }
            defer { sensors_cleanup() }
            var place: Int32 = 0
            while let chip = sensors_get_detected_chips(nil, &place) {
                survey.chips.append(read(chip, failures: &survey.failures))
            }
            survey.chips.sort { ($0.directory.utf8.count, $0.directory) < ($1.directory.utf8.count, $1.directory) }
            survey.tellChipsApart()
            return survey
        }
    }

    private static func initialize(_ survey: inout SensorSurvey) -> Bool {
        // libsensors ignores a malformed line of the board configuration, and would print it.
        kerf_libsensors_keep_quiet()
        let result = sensors_init(nil)
        if result == 0 { return true }
        survey.failures.append(
            KerfError(
                .ioError, "libsensors cannot start: \(explanation(result))",
                remedy: "check /etc/sensors3.conf and /etc/sensors.d with `sensors`"))
        return false
    }

    private static func read(
        _ chip: UnsafePointer<sensors_chip_name>, failures: inout [KerfError]
    ) -> SensorChip {
        var name = [CChar](repeating: 0, count: 256)
        let count = sensors_snprintf_chip_name(&name, name.count, chip)
        let directory = chip.pointee.path.map { String(cString: $0) } ?? ""
        let prefix = chip.pointee.prefix.map { String(cString: $0) } ?? "chip"
        var found = SensorChip(
            name: count > 0 ? text(name) : prefix, directory: directory, features: [])
        var place: Int32 = 0
        while let feature = sensors_get_features(chip, &place) {
            guard let kind = SensorKind(feature.pointee.type) else { continue }
            do throws(KerfError) {
                guard let read = try read(feature, of: kind, on: chip, in: FilePath(directory)) else { continue }
                found.features.append(read.corrected(for: prefix))
            } catch {
                failures.append(error)
            }
        }
        return found
    }

    /// `nil` for a feature without a value, which has limits or alarms only.
    private static func read(
        _ feature: UnsafePointer<sensors_feature>, of kind: SensorKind,
        on chip: UnsafePointer<sensors_chip_name>, in directory: FilePath
    ) throws(KerfError) -> SensorFeature? {
        let subfeature = { (type: sensors_subfeature_type) in sensors_get_subfeature(chip, feature, type) }
        guard let source = kind.valueSubfeatures.lazy.compactMap(subfeature).first else { return nil }
        // A fault flag that cannot be read says nothing of the value, which is read and checked next.
        if let fault = kind.faultSubfeature.flatMap(subfeature), (try? value(fault, on: chip, in: directory)) == 1 {
            throw KerfError.faulty(directory.appending(String(cString: fault.pointee.name)))
        }
        let value = try value(source, on: chip, in: directory)
        if let flaw = kind.implausibility(of: value, at: directory.appending(String(cString: source.pointee.name))) {
            throw flaw
        }
        let name = String(cString: feature.pointee.name)
        // Limits are optional: one that cannot be read is left out.
        let limit = { (type: sensors_subfeature_type?) in
            type.flatMap(subfeature).flatMap { try? self.value($0, on: chip, in: directory) }
        }
        return SensorFeature(
            name: name, label: label(of: feature, on: chip) ?? name, kind: kind, value: value,
            maximum: limit(kind.maximumSubfeature), critical: limit(kind.criticalSubfeature))
    }

    private static func value(
        _ subfeature: UnsafePointer<sensors_subfeature>, on chip: UnsafePointer<sensors_chip_name>,
        in directory: FilePath
    ) throws(KerfError) -> Double {
        var value = 0.0
        var result = sensors_get_value(chip, subfeature.pointee.number, &value)
        if result == 0 { return value }
        // libsensors neither reports why a read failed nor retries: read the file to find out.
        let path = directory.appending(String(cString: subfeature.pointee.name))
        _ = try SysfsFile.integer(at: path)
        result = sensors_get_value(chip, subfeature.pointee.number, &value)
        guard result == 0 else { throw KerfError(.ioError, "cannot read: \(explanation(result))", at: path) }
        return value
    }

    private static func label(
        of feature: UnsafePointer<sensors_feature>, on chip: UnsafePointer<sensors_chip_name>
    ) -> String? {
        guard let label = sensors_get_label(chip, feature) else { return nil }
        defer { free(label) }
        return String(cString: label)
    }

    private static func explanation(_ result: Int32) -> String {
        sensors_strerror(result).map { String(cString: $0) } ?? "error \(result)"
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
