import Foundation

/// Links of a page to places in the repository.
struct PageLinks {
    let page: ManualPage

    /// Line and target of every link that names no scheme.
    var relative: [(line: Int, target: String)] {
        let code = page.blocks.map(\.body)
        return page.lines.enumerated().flatMap { index, line in
            guard !code.contains(where: { $0.contains(index) }) else { return [(line: Int, target: String)]() }
            // Code in a line of text may hold brackets.
            let text = line.replacing(/`[^`]*`/, with: "")
            let targets =
                text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }
                + text.matches(of: /(?:src|srcset|href)="([^"]+)"/).map { String($0.output.1) }
            return targets.filter { !$0.contains("://") && !$0.hasPrefix("mailto:") }.map { (index + 1, $0) }
        }
    }

    /// Why a target is none; `nil` where it is one.
    static func fault(of target: String, on page: ManualPage) -> String? {
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let folder = URL(fileURLWithPath: "/" + page.name).deletingLastPathComponent()
        let path =
            parts[0].isEmpty ? page.name : String(folder.appendingPathComponent(parts[0]).standardized.path.dropFirst())
        guard FileManager.default.fileExists(atPath: PageRun.repository.appendingPathComponent(path).path) else {
            return "no such file"
        }
        guard parts.count > 1 else { return nil }
        guard let other = try? Manual.page(path) else { return "no page" }
        return anchors(of: other).contains(parts[1]) ? nil : "no such heading"
    }

    /// Anchors of the page's headings, as GitHub makes them.
    private static func anchors(of page: ManualPage) -> Set<String> {
        let code = page.blocks.map(\.body)
        return Set(
            page.lines.enumerated().compactMap { index, line in
                guard line.hasPrefix("#"), !code.contains(where: { $0.contains(index) }) else { return nil }
                let heading = line.drop { $0 == "#" }.dropFirst().lowercased()
                return String(heading.filter { $0.isLetter || $0.isNumber || " -_".contains($0) })
                    .replacing(" ", with: "-")
            })
    }
}
