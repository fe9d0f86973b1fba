/// Sets of CPUs in the kernel's list format: `0-3,8`.
///
/// Source: Documentation/admin-guide/cputopology.rst; Documentation/core-api/printk-formats.rst, `%*pbl`.
package enum CPUList {
    /// Far above the kernel's own limit (NR_CPUS is at most 8192); bounds the memory that a hostile text can ask for.
    package static let maximumCPUs = 65_536

    /// - Returns: `nil` when the text is not such a list.
    package static func parse(_ text: String) -> [Int]? {
        var numbers: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: !text.contains(",")) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { Int($0) }
            guard let first = ends[0], let last = ends.count == 2 ? ends[1] : first, first >= 0, first <= last,
                last < maximumCPUs, numbers.count + last - first < maximumCPUs
            else { return nil }
            numbers += first...last
        }
        return numbers
    }

    /// CPU numbers in the kernel's list format.
    package static func text(of cpus: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for cpu in cpus.sorted() {
            if let last = runs.last, cpu <= last.upperBound + 1 {
                runs[runs.count - 1] = last.lowerBound...max(cpu, last.upperBound)
            } else {
                runs.append(cpu...cpu)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
