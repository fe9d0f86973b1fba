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
                reason: gpus.gpus.map(\.name).joined(separator: ", ")
                    + "; external: in the total only where a program's step runs on it")
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
        for gpu in gpus.gpus {
            for (kind, unit, read) in kinds {
                do throws(KerfError) {
                    let value = try read(try gpus.library.device(gpu.index))
                    result.readings.append(Reading(sensor: "\(gpu.name)/\(kind)", value: value, unit: unit))
                } catch {
                    result.failures.append(error)
                }
            }
        }
        return result
    }

    /// A GPU by its number in the driver's list.
    struct GPU {
        let index: Int
        let name: String
    }

    /// A meter on the energy counters of all GPUs.
    ///
    /// - Throws: ``KerfError`` without the library, a GPU, or an energy counter in each of them.
    package func meter() throws(KerfError) -> NVMLMeter {
        let opened = try open()
        return try NVMLMeter(opened.gpus, opened.library)
    }

    /// The energy counters of the GPUs that run the measured work, and of the others.
    package struct Meters {
        package let used: NVMLMeter
        /// `nil` where there are no others, or one of them has no counter.
        package let unused: NVMLMeter?
        /// Whether the used GPUs are known. All count as used where they are not.
        package let isFound: Bool
    }

    /// - Parameter uuids: of the GPUs that run the measured work, with or without the `GPU-` in front; empty where they are
    ///   not known.
    /// - Throws: ``KerfError`` without the library, a GPU, or an energy counter in each that is used.
    package func meters(of uuids: [String]) throws(KerfError) -> Meters {
        let wanted = Set(uuids.map(Self.plain))
        let opened = try open()
        var used: [GPU] = []
        do throws(KerfError) {
            for gpu in opened.gpus where !wanted.isEmpty {
                let uuid = try opened.library.uuid(of: try opened.library.device(gpu.index))
                if wanted.contains(Self.plain(uuid)) { used.append(gpu) }
            }
        } catch {
            opened.library.end()
            throw error
        }
        let isFound = !wanted.isEmpty && used.count == wanted.count
        if !isFound { used = opened.gpus }
        let meter = try NVMLMeter(used, opened.library)
        let others = opened.gpus.filter { gpu in !used.contains { $0.index == gpu.index } }
        // They are shown beside the total, which does without them.
        let unused = others.isEmpty ? nil : (try? open()).flatMap { try? NVMLMeter(others, $0.library) }
        return Meters(used: meter, unused: unused, isFound: isFound)
    }

    /// A UUID as it can be compared: PyTorch leaves out the prefix of NVML's.
    private static func plain(_ uuid: String) -> String {
        let text = uuid.lowercased()
        return text.hasPrefix("gpu-") ? String(text.dropFirst(4)) : text
    }

    private func open() throws(KerfError) -> (library: NVMLLibrary, gpus: [GPU]) {
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
            var gpus: [GPU] = []
            for index in 0..<min(count, 64) {
                let name = try library.name(of: try library.device(index))
                gpus.append(GPU(index: index, name: "gpu-\(index) \(name)"))
            }
            return (library, gpus)
        } catch {
            library.end()
            throw error
        }
    }
}
