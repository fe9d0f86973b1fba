import Instrumentation
import Quantities

/// The energy domains as an indented tree, and the total under it.
package struct EnergyTree {
    private let energy: DoctorReport.EnergySection

    package init(_ energy: DoctorReport.EnergySection) { self.energy = energy }

    package var lines: [String] {
        guard !energy.domains.isEmpty else { return [] }
        let known = Set(energy.domains.map(\.identifier))
        let tops = energy.domains.filter { $0.parent.map { !known.contains($0) } ?? true }
        var lines = tops.flatMap { rows(of: $0, head: "", below: "", depth: 0) }
        lines.append(["total", "= " + (energy.totalFormula ?? "none: \(energy.reason ?? "no meter")")])
        if let watts = energy.ratedPowerWatts {
            lines.append(["rated", "= \(NumberText.fixed(watts, digits: 1)) W long-term limit"])
        }
        return DoctorFormat.columns(lines)
    }

    /// - Parameters:
    ///   - head: printed before the domain's name.
    ///   - below: printed before the lines of its children.
    ///   - depth: bounds a tree whose parents run in a circle.
    private func rows(of domain: DoctorReport.Domain, head: String, below: String, depth: Int) -> [[String]] {
        guard depth < 8 else { return [] }
        let children = energy.domains.filter { $0.parent == domain.identifier }
        return [[head + domain.name, domain.roleText]]
            + children.enumerated().flatMap { index, child in
                let isLast = index == children.count - 1
                return rows(
                    of: child, head: below + (isLast ? "└─ " : "├─ "), below: below + (isLast ? "   " : "│  "),
                    depth: depth + 1)
            }
    }
}
