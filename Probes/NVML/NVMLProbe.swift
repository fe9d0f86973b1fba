import ProbeKit
import SystemIO

/// NVIDIA GPUs, through the management library of their driver.
///
/// A GPU's energy is external to the box's meter: it is shown and not added, since Kerf's kernels run on the processor.
package struct NVMLProbe: Probe {
    package let name = "NVML"
    package let interface = "libnvidia-ml"
    /// The library: a name for the loader, or a path.
    private let library: String
    private let isLive: Bool

    /// - Parameter root: a tree of files has no GPUs, since the library supports the running system only.
    package init(root: SystemRoot, library: String = "libnvidia-ml.so.1") {
        self.library = library
        isLive = root.isLive
    }

    package func availability() -> Availability {
        do throws(KerfError) {
            let gpus = try open()
            defer { gpus.library.end() }
            return Availability(
                .present, reason: gpus.names.joined(separator: ", ") + "; external: not part of the box's total")
        } catch {
            var availability = Availability(error)
            availability.remedy = error.remedy ?? "see dmesg"
            return availability
        }
    }

    /// Energy, power, temperature and frequency of every GPU. Unsupported ones are left out and reported.
    package func readings() -> ProbeReadings {
        var result = ProbeReadings()
        // ``availability()`` has the reason.
        guard let gpus = try? open() else { return result }
        defer { gpus.library.end() }
        let kinds: [(String, ReadingUnit, (NVMLLibrary.Device) throws(KerfError) -> Double)] = [
            (
                "energy", .joules,
                { (device) throws(KerfError) in Double(try gpus.library.millijoules(of: device)) * 1e-3 }
            ),
            ("power", .watts, gpus.library.watts), ("temperature", .celsius, gpus.library.celsius),
            ("frequency", .hertz, gpus.library.hertz),
        ]
        for (index, name) in gpus.names.enumerated() {
            for (kind, unit, read) in kinds {
                do throws(KerfError) {
                    let value = try read(try gpus.library.device(index))
                    result.readings.append(Reading(sensor: "\(name)/\(kind)", value: value, unit: unit))
                } catch {
                    result.failures.append(error)
                }
            }
        }
        return result
    }

    /// A meter on the GPUs' energy counters.
    ///
    /// - Throws: ``KerfError`` without the library, a GPU, or an energy counter in each of them.
    package func meter() throws(KerfError) -> NVMLMeter {
        let gpus = try open()
        return try NVMLMeter(gpus.library, names: gpus.names)
    }

    private func open() throws(KerfError) -> (library: NVMLLibrary, names: [String]) {
        guard isLive else {
            throw KerfError(
                .notFound, "a tree of files has no GPU", remedy: .runningSystem)
        }
        let library = try NVMLLibrary(library)
        do throws(KerfError) {
            let count = try library.count()
            guard count > 0 else {
                throw KerfError(.notFound, "the NVIDIA driver finds no GPU", remedy: "see nvidia-smi and dmesg")
            }
            var names: [String] = []
            for index in 0..<min(count, 64) {
                names.append("gpu-\(index) \(try library.name(of: try library.device(index)))")
            }
            return (library, names)
        } catch {
            library.end()
            throw error
        }
    }
}
