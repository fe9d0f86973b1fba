import SystemIO

/// The contents of /proc/cpuinfo, in the form of any architecture.
///
/// Source: Linux, arch/*/kernel/cpu/proc.c, setup.c or processor.c (`show_cpuinfo`). The kernel guarantees no format, so
/// every field is optional.
struct CPUInfo {
    /// Fields of each logical CPU, in the file's order.
    let processors: [[String: String]]
    /// Fields that stand apart from those of the CPUs, before or after them, and hold for all: `Hardware`, `machine`.
    let shared: [String: String]

    /// - Throws: ``KerfError/Code/invalidReading`` when no CPU is listed, ``KerfError/Code/masked`` where something else lies
    ///   over the file, as a container puts `/dev/null` over one that it hides.
    init(root: SystemRoot) throws(KerfError) {
        let path = root.file("proc/cpuinfo")
        let text = try SysfsFile.wholeText(at: path)
        var processors: [[String: String]] = []
        var shared: [String: String] = [:]
        var isInProcessor = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":") else {
                if trimmed(line).isEmpty { isInProcessor = false }
                continue
            }
            let key = trimmed(line[..<colon])
            let value = trimmed(line[line.index(after: colon)...])
            if key == "processor", Int(value) != nil {
                processors.append([:])
                isInProcessor = true
            } else if key.hasPrefix("processor "), Int(key.dropFirst("processor ".count)) != nil {
                // s390 has one line for each: `processor 0: version = FF,  identification = 000000,  machine = 3906`.
                processors.append(Self.assignments(value))
                isInProcessor = false
                continue
            }
            guard isInProcessor else {
                if shared[key] == nil { shared[key] = value }
                continue
            }
            if processors[processors.count - 1][key] == nil { processors[processors.count - 1][key] = value }
        }
        if processors.isEmpty, Self.namesOfAll.contains(where: { shared[$0]?.isEmpty == false }) {
            // sparc and alpha describe all CPUs at once, and so does an arm kernel before 3.8 that was built for one.
            let count = (shared["ncpus active"] ?? shared["cpus active"]).flatMap { Int($0) } ?? 1
            processors = Array(repeating: [:], count: min(max(count, 1), 1 << 13))
        }
        guard !processors.isEmpty else {
            throw root.isRegularFile(path)
                ? KerfError(.invalidReading, "lists no CPU", at: path)
                : KerfError(
                    .masked, "masked: what lies over it is no file and hides it", at: path,
                    remedy: "start the container without hiding it, or sudo umount /proc/cpuinfo")
        }
        (self.processors, self.shared) = (processors, shared)
    }

    /// Fields that name the processor of a file without a line for each CPU.
    private static let namesOfAll = ["cpu", "cpu model", "CPU", "Processor", "CPU part", "Hardware"]

    /// The fields of `a = 1,  b = 2`.
    private static func assignments(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for part in text.split(separator: ",") {
            guard let equals = part.firstIndex(of: "=") else { continue }
            fields[trimmed(part[..<equals])] = trimmed(part[part.index(after: equals)...])
        }
        return fields
    }

    /// The first CPU's value, or the one for all CPUs.
    func field(_ key: String) -> String? { value(key, of: processors[0]) }

    /// The different values of all CPUs, sorted.
    func values(_ key: String) -> [String] { Set(processors.compactMap { value(key, of: $0) }).sorted() }

    private func value(_ key: String, of processor: [String: String]) -> String? {
        let own = processor[key] ?? ""
        let text = own.isEmpty ? shared[key] ?? "" : own
        return text.isEmpty ? nil : text
    }

    /// The kinds of core, where the CPUs have the fields of Arm. Old 32-bit kernels give them once, for all.
    var armCores: Set<ArmCore> {
        Set(processors.compactMap { ArmCore($0.merging(shared) { own, _ in own }) })
    }

    /// Instruction-set flags that all CPUs have, which a program can use wherever it is scheduled.
    var flags: Set<String> {
        var common: Set<String>?
        var last = ""
        for processor in processors {
            let text = ["flags", "Features", "features"].lazy.compactMap { value($0, of: processor) }.first ?? ""
            if text == last, common != nil { continue }
            last = text
            let flags = Set(text.split(separator: " ").map { String($0) })
            common = common?.intersection(flags) ?? flags
        }
        return common ?? []
    }

    /// `x86_64`, `i686`, `aarch64`, `arm`, `riscv64`, `riscv32`, `loongarch64`, `ppc64` or `s390x`, derived from the form of
    /// the file; `nil` for others.
    var architecture: String? {
        if field("vendor_id") == "IBM/S390" { return "s390x" }
        if field("vendor_id") != nil, field("flags") != nil { return flags.contains("lm") ? "x86_64" : "i686" }
        if field("CPU implementer") != nil { return flags.contains("asimd") ? "aarch64" : "arm" }
        if let isa = field("isa") { return isa.hasPrefix("rv64") ? "riscv64" : "riscv32" }
        if field("CPU Family") == "Loongson-64bit" { return "loongarch64" }
        if field("cpu")?.hasPrefix("POWER") == true { return "ppc64" }
        return nil
    }
}

/// The text without blanks at both ends.
func trimmed(_ text: Substring) -> String {
    let blank = { (character: Character) in character == " " || character == "\t" }
    return String(text.drop(while: blank).reversed().drop(while: blank).reversed())
}
