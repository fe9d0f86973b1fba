import ProbeKit
import SystemIO
import SystemPackage

/// Reads the kernel's hwmon files below any root.
///
/// Source: Documentation/hwmon/sysfs-interface.rst.
struct HwmonReader {
    static let classDirectory = "sys/class/hwmon"

    let root: SystemRoot

    /// Chips that the class directory lists and that lead nowhere, and a class directory that cannot be listed.
    var obstacles: [KerfError] { root.obstacles(in: root.file(Self.classDirectory), where: Self.isChip) }

    private static func isChip(_ entry: String) -> Bool { entry.hasPrefix("hwmon") }

    func survey() -> SensorSurvey {
        var survey = SensorSurvey()
        let directory = root.file(Self.classDirectory)
        let links = SysfsLinks(root: root)
        for entry in root.names(in: directory) where Self.isChip(entry) {
            // Without a directory it is among the obstacles.
            guard let resolved = links.directory(directory.appending(entry)) else { continue }
            read(chip: resolved, links: links, into: &survey)
        }
        survey.failures += obstacles
        survey.tellChipsApart()
        return survey
    }

    private func read(chip directory: FilePath, links: SysfsLinks, into survey: inout SensorSurvey) {
        // Drivers older than Linux 3.13 put all attributes into the device's directory.
        let places = [directory, links.directory(directory.appending("device"))].compactMap { $0 }
        guard let place = places.first(where: { root.isRegularFile($0.appending("name")) }) else {
            survey.failures.append(Self.namelessness(of: directory))
            return
        }
        let prefix: String
        do throws(KerfError) {
            prefix = try SysfsFile.text(at: place.appending("name"))
        } catch {
            survey.failures.append(error)
            return
        }
        guard !prefix.isEmpty, prefix.utf8.allSatisfy({ $0 > UInt8(ascii: " ") && $0 < 0x7F }) else {
            survey.failures.append(
                KerfError(
                    .invalidReading, "chip's name is \(PlainText.quoted(prefix))", at: place.appending("name")))
            return
        }
        var chip = SensorChip(
            name: prefix + "-" + HwmonAddress(of: directory, links: links).text, directory: directory.string,
            features: [])
        let names = root.names(in: place)
        for kind in SensorKind.allCases {
            for feature in features(of: kind, among: names) {
                do throws(KerfError) {
                    chip.features.append(
                        try read(feature, of: kind, in: place, among: Set(names)).corrected(for: prefix))
                } catch {
                    survey.failures.append(error)
                }
            }
        }
        survey.chips.append(chip)
    }

    /// Why a chip has no name. The directory may be closed, or something else may stand where the file is expected.
    private static func namelessness(of directory: FilePath) -> KerfError {
        let missing = KerfError(.notFound, "chip has no name, which every hwmon driver must provide", at: directory)
        do throws(KerfError) {
            _ = try SysfsFile.text(at: directory.appending("name"))
            return missing
        } catch {
            return error.code == .notFound ? missing : error
        }
    }

    /// The features with a value, by number: `temp1`, `temp2`, `temp10`.
    private func features(of kind: SensorKind, among names: [String]) -> [String] {
        var features: [String] = []
        for name in names where name.hasPrefix(kind.prefix) {
            let parts = name.split(separator: "_", maxSplits: 1)
            let number = parts[0].dropFirst(kind.prefix.count)
            guard parts.count == 2, kind.valueSuffixes.contains(String(parts[1])), !number.isEmpty,
                number.allSatisfy({ ("0"..."9").contains($0) }), features.last != String(parts[0])
            else { continue }
            features.append(String(parts[0]))
        }
        return features
    }

    private func read(
        _ feature: String, of kind: SensorKind, in place: FilePath, among names: Set<String>
    ) throws(KerfError) -> SensorFeature {
        if kind.mayReportFault, let fault = limit("\(feature)_fault", of: kind, in: place, among: names), fault != 0 {
            throw KerfError.faulty(place.appending("\(feature)_fault"))
        }
        let attribute = kind.valueSuffixes.map { "\(feature)_\($0)" }.first { names.contains($0) }
        let path = place.appending(attribute ?? feature)
        let value = Double(try SysfsFile.integer(at: path)) / kind.stepsPerUnit
        if let flaw = kind.implausibility(of: value, at: path) { throw flaw }
        // A label is for display: without it the sensor has its kernel name.
        let label =
            names.contains("\(feature)_label") ? try? SysfsFile.text(at: place.appending("\(feature)_label")) : nil
        return SensorFeature(
            name: feature, label: label.flatMap { $0.isEmpty ? nil : $0 } ?? feature, kind: kind, value: value,
            maximum: limit("\(feature)_max", of: kind, in: place, among: names),
            critical: limit("\(feature)_crit", of: kind, in: place, among: names))
    }

    /// Limits are optional: one that cannot be read is left out.
    private func limit(
        _ attribute: String, of kind: SensorKind, in place: FilePath, among names: Set<String>
    ) -> Double? {
        guard names.contains(attribute), let steps = try? SysfsFile.integer(at: place.appending(attribute)) else {
            return nil
        }
        return Double(steps) / kind.stepsPerUnit
    }
}

extension KerfError {
    /// The chip reports that the sensor is broken or not connected.
    static func faulty(_ path: FilePath) -> KerfError {
        KerfError(.ioError, "the chip reports the sensor as faulty", at: path)
    }
}
