import SystemIO

/// The contents of /proc/cpuinfo, in the form of x86 or of arm64.
///
/// Source: Linux, arch/x86/kernel/cpu/proc.c and arch/arm64/kernel/cpuinfo.c. The kernel guarantees no format, so every
/// field is optional.
struct CPUInfo {
    /// Fields of each logical CPU, in the file's order.
    let processors: [[String: String]]

    /// - Throws: ``KerfError/Code/invalidReading`` when no CPU is listed.
    init(root: SystemRoot) throws(KerfError) {
        let path = root.file("proc/cpuinfo")
        let text = try SysfsFile.wholeText(at: path)
        var processors: [[String: String]] = []
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = trimmed(line[..<colon])
            let value = trimmed(line[line.index(after: colon)...])
            if key == "processor", Int(value) != nil { processors.append([:]) }
            // Fields after the last CPU (32-bit arm: Hardware, Serial) must not overwrite a CPU's own.
            guard !processors.isEmpty, processors[processors.count - 1][key] == nil else { continue }
            processors[processors.count - 1][key] = value
        }
        guard !processors.isEmpty else { throw KerfError(.invalidReading, "lists no CPU", at: path) }
        self.processors = processors
    }

    /// The first CPU's value.
    func field(_ key: String) -> String? { processors[0][key].flatMap { $0.isEmpty ? nil : $0 } }

    /// Instruction-set flags that all CPUs have, which a program can use wherever it is scheduled.
    var flags: Set<String> {
        var common: Set<String>?
        var last = ""
        for processor in processors {
            let text = processor["flags"] ?? processor["Features"] ?? ""
            if text == last, common != nil { continue }
            last = text
            let flags = Set(text.split(separator: " ").map { String($0) })
            common = common?.intersection(flags) ?? flags
        }
        return common ?? []
    }

    /// `x86_64`, `i686`, `aarch64`, `arm`, `riscv64` or `riscv32`, derived from the form of the file; `nil` for others.
    var architecture: String? {
        if field("vendor_id") != nil, field("flags") != nil { return flags.contains("lm") ? "x86_64" : "i686" }
        if field("CPU implementer") != nil { return flags.contains("asimd") ? "aarch64" : "arm" }
        if let isa = field("isa") { return isa.hasPrefix("rv64") ? "riscv64" : "riscv32" }
        return nil
    }
}

/// The text without blanks at both ends.
func trimmed(_ text: Substring) -> String {
    let blank = { (character: Character) in character == " " || character == "\t" }
    return String(text.drop(while: blank).reversed().drop(while: blank).reversed())
}
