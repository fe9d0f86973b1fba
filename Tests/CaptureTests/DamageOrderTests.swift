import TestSupport
import Testing

@testable import Capture

/// Of several damages of a capture the first in the order of the archive is reported, in every run.
struct DamageOrderTests {
    private enum Damage: CaseIterable {
        case absoluteLink, linkOut, emptyLink, pathOut, foreignPath, repeated

        /// Members of the archive, the damaged one last.
        var entries: [TarEntry] {
            switch self {
            case .absoluteLink: [TarEntry("sys/absolute", .link("/etc/passwd"))]
            case .linkOut: [TarEntry("sys/out", .link("../../etc"))]
            case .emptyLink: [TarEntry("sys/empty", .link(""))]
            case .pathOut: [TarEntry("sys/../path", .file([]))]
            case .foreignPath: [TarEntry("home/me", .file([]))]
            case .repeated: [TarEntry("sys/repeated", .file([])), TarEntry("sys/repeated", .file([]))]
            }
        }

        var path: String { entries[entries.count - 1].path }
    }

    private func refusal(_ entries: [TarEntry], cutTo length: Int? = nil) throws -> String {
        var writer = TarWriter()
        for entry in entries {
            let fits = writer.append(entry)
            #expect(fits, "\(entry.path)")
        }
        var bytes = writer.finished()
        if let length { bytes = Array(bytes[..<length]) }
        let error = #expect(throws: (any Error).self) { try Capture(bytes, name: "box.tar") }
        return "\(try #require(error))"
    }

    @Test func theFirstDamageIsReported() throws {
        for first in Damage.allCases {
            for second in Damage.allCases where second != first {
                let refusal = try refusal([TarEntry("sys/x", .file([]))] + first.entries + second.entries)
                #expect(refusal.contains(first.path) && !refusal.contains(second.path), "\(first), \(second)")
            }
        }
    }

    /// The order in which a dictionary returns its keys differs from one dictionary to the next.
    @Test func manyBadLinksGiveTheSameReport() throws {
        let links = (0..<64).map { TarEntry("sys/link\($0)", .link("../../etc/\($0)")) }
        let reversed = Array(links.reversed())
        for _ in 0..<50 { #expect(try refusal(reversed).contains("the link \(reversed[0].path) leads out")) }
    }

    @Test func aBadLinkIsReportedBeforeALaterCut() throws {
        let entries = Damage.linkOut.entries + [TarEntry("sys/file", .file([UInt8](repeating: 1, count: 512)))]
        #expect(try refusal(entries, cutTo: 1200).contains("sys/out leads out"))
        #expect(try refusal(entries.reversed(), cutTo: 1200).contains("is cut off"))
    }
}
