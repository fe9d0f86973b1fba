import ProbeKit
import SystemIO
import SystemPackage

/// The devices on the box's PCI buses, through libpci.
package struct PCIProbe: Probe {
    package let name = "PCI"
    package let interface = "libpci"
    package let root: SystemRoot
    private let namesFile: FilePath?

    /// - Parameter namesFile: a pci.ids file; `nil` for the one that libpci finds. Names are not part of a box: those of a
    ///   captured box come from the database of the system that Kerf runs on.
    package init(root: SystemRoot = SystemRoot(), namesFile: FilePath? = nil) {
        self.root = root
        self.namesFile = namesFile
    }

    private var busDirectory: FilePath { root.file("sys/bus/pci") }
    private var devicesDirectory: FilePath { busDirectory.appending("devices") }

    package func availability() -> Availability {
        do throws(KerfError) {
            let survey = try survey()
            guard !survey.devices.isEmpty else {
                guard let failure = survey.failures.first else {
                    return Availability(.absent, reason: "no PCI devices in \(devicesDirectory)")
                }
                return Availability(
                    Availability.Status(failure.code), reason: "no PCI device could be read: \(failure.placed)",
                    remedy: failure.remedy)
            }
            let named = survey.devices.contains { $0.vendorName != nil }
            return Availability(
                .present,
                reason: "\(survey.devices.count) devices"
                    + (named ? "" : ", shown by number: no pci.ids database (package pci.ids)"))
        } catch {
            return Availability(error)
        }
    }

    /// The devices that could be read, by address.
    ///
    /// - Throws: as ``survey()``.
    package func devices() throws(KerfError) -> [PCIDevice] { try survey().devices }

    /// The devices, and those that could not be read.
    ///
    /// - Throws: ``KerfError/Code/notFound`` without a PCI bus, why it cannot be listed, or ``KerfError/Code/ioError``
    ///   when libpci cannot start.
    package func survey() throws(KerfError) -> PCISurvey {
        guard root.isDirectory(devicesDirectory) else {
            throw root.obstacles(in: busDirectory) { $0 == devicesDirectory.lastComponent?.string }.first ?? absence
        }
        let bus = try PCIBus(.sysfs(busDirectory), names: namesFile)
        var survey = PCISurvey()
        survey.failures = root.obstacles(in: devicesDirectory, where: Self.isDevice)
        for entry in root.names(in: devicesDirectory) where Self.isDevice(entry) {
            let path = devicesDirectory.appending(entry)
            // Without a directory it is among the obstacles.
            guard root.isDirectory(root.resolvingFlattenedLink(path)) else { continue }
            do throws(KerfError) {
                guard let address = PCIAddress(entry) else {
                    throw KerfError(.invalidReading, "not an address like 0000:00:1f.0", at: path)
                }
                survey.devices.append(try read(address, at: path, on: bus))
            } catch {
                survey.failures.append(error)
            }
        }
        return survey
    }

    private static func isDevice(_ entry: String) -> Bool { !entry.hasPrefix(".") }

    private var absence: KerfError {
        KerfError(
            .notFound, "no PCI bus at \(devicesDirectory)",
            remedy: .text(
                root.isLive
                    ? "small boards and some virtual machines have none; on a PC mount sysfs: "
                        + "`sudo mount -t sysfs sysfs /sys`"
                    : "add the box's sys/bus/pci to the tree"))
    }

    private func read(
        _ address: PCIAddress, at path: FilePath, on bus: borrowing PCIBus
    ) throws(KerfError) -> PCIDevice {
        let directory = root.resolvingFlattenedLink(path)
        var device: PCIDevice
        if directory == path, !isPadded(directory) {
            device = try bus.read(address, path: path)
        } else {
            // libpci can neither follow a link that became a text file nor read an attribute that an archive padded to
            // a page, so it gets the bytes of the configuration space.
            device = try bus.read(
                address, configuration: try configuration(at: directory.appending("config")), path: directory)
        }
        // Without privileges only 64 bytes of configuration space are readable, which end before the capabilities.
        device.link = device.link ?? link(at: directory)
        return device
    }

    /// The longest attribute that libpci reads (`OBJBUFSIZE` in lib/sysfs.c).
    private static let maximumAttributeBytes = 1024

    /// Whether an archive padded the device's attributes. The kernel states a page for each, whatever it holds.
    private func isPadded(_ directory: FilePath) -> Bool {
        // Without the file libpci says what is missing.
        guard root.isRecording, let status = try? FileStatus(at: directory.appending("vendor").string) else {
            return false
        }
        return status.byteCount > Self.maximumAttributeBytes
    }

    private func configuration(at path: FilePath) throws(KerfError) -> [UInt8] {
        let file = try HeldFile(path)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count: Int
        do {
            count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
        } catch let error as KerfError {
            throw error
        } catch {
            throw KerfError(.ioError, "cannot read: \(error)", at: path)
        }
        guard count >= 64 else {
            throw KerfError(.invalidReading, "configuration space of \(count) bytes, not 64 or more", at: path)
        }
        return Array(bytes[..<count])
    }

    private func link(at directory: FilePath) -> PCILink? {
        // A device without a link has no such attributes; the rest of the device is shown without them.
        let text = { (name: String) in try? SysfsFile.text(at: directory.appending(name)) }
        return PCILink(
            currentSpeed: text("current_link_speed"), bestSpeed: text("max_link_speed"),
            currentWidth: text("current_link_width"), bestWidth: text("max_link_width"))
    }

    /// The number of devices, and the lanes of each link.
    package func readings() -> ProbeReadings {
        do throws(KerfError) {
            let survey = try survey()
            var readings = [Reading(sensor: "devices", value: Double(survey.devices.count), unit: .count)]
            for device in survey.devices {
                guard let width = device.link?.currentWidth else { continue }
                readings.append(Reading(sensor: "\(device.address)/link lanes", value: Double(width), unit: .count))
            }
            return ProbeReadings(readings: readings, failures: survey.failures)
        } catch {
            return ProbeReadings(failures: [error])
        }
    }
}

/// The devices of a box, and the errors of those that could not be read.
package struct PCISurvey: Sendable {
    package var devices: [PCIDevice] = []
    /// One error for each device that was left out.
    package var failures: [KerfError] = []
}
