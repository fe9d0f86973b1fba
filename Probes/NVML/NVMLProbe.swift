import ProbeKit
import SystemIO

/// NVIDIA GPUs, through the management library of their driver.
///
/// Where Kerf's own kernels run, on the processor, a GPU's energy is external to the box's: it is shown and not added. Where
/// the step of another program runs on GPUs, theirs is part of the total.
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
                .present,
                reason: gpus.names.joined(separator: ", ")
                    + "; external: part of the total of a program that runs on it, not of the box's")
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

    /// A GPU, and whether the measured work runs on it.
    struct GPU {
        let name: String
        var isUsed: Bool
    }

    /// A meter on the GPUs' energy counters, and whether each of `uuids` is one of them.
    ///
    /// - Parameter uuids: of the GPUs that run the measured work, with or without the `GPU-` in front; every GPU where that
    ///   is not known, or where one of them is not a GPU of the driver.
    /// - Throws: ``KerfError`` without the library, a GPU, or an energy counter in each that is used.
    package func meter(of uuids: [String] = []) throws(KerfError) -> (meter: NVMLMeter, isFound: Bool) {
        let opened = try open()
        let library = opened.library
        let wanted = Set(uuids.map(Self.plain))
        var found: Set<String> = []
        var gpus: [GPU] = []
        do throws(KerfError) {
            for (index, name) in opened.names.enumerated() {
                let uuid = wanted.isEmpty ? "" : Self.plain(try library.uuid(of: try library.device(index)))
                gpus.append(GPU(name: name, isUsed: wanted.contains(uuid)))
                found.insert(uuid)
            }
        } catch {
            library.end()
            throw error
        }
        let isFound = !wanted.isEmpty && wanted.isSubset(of: found)
        if !isFound { for index in gpus.indices { gpus[index].isUsed = true } }
        return (try NVMLMeter(gpus, library), isFound)
    }

    /// A UUID as it can be compared: PyTorch leaves out the prefix of NVML's.
    private static func plain(_ uuid: String) -> String {
        let text = uuid.lowercased()
        return text.hasPrefix("gpu-") ? String(text.dropFirst(4)) : text
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
