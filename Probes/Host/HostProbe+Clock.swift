import SystemIO

extension HostProbe {
    /// The clock that /proc/cpuinfo names (`cpu MHz`), in hertz: the fastest CPU's. Where nothing scales the clock, as in
    /// most virtual machines, it is the nominal one.
    ///
    /// - Returns: `nil` where the kernel does not tell it, as on arm64.
    package func clockHertz() -> Double? {
        guard let text = try? SysfsFile.wholeText(at: root.file("proc/cpuinfo")) else { return nil }
        let megahertz = text.split(separator: "\n").compactMap { line -> Double? in
            guard line.hasPrefix("cpu MHz"), let colon = line.firstIndex(of: ":") else { return nil }
            return Double(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return megahertz.max().map { $0 * 1e6 }
    }
}
