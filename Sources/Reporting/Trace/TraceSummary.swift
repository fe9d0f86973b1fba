import Quantities
import SystemIO

/// What a trace holds.
package struct TraceSummary: Sendable, Hashable, Encodable {
    package struct Track: Sendable, Hashable, Encodable {
        package enum Kind: String, Sendable, Hashable, Encodable {
            case slices, counter
        }

        package var group: String
        package var name: String
        package var kind: Kind
        package var placement: Trace.Placement
        /// Slices, those within others included, or values of a counter.
        package var count: Int
        /// Length of the slices that lie in no other, summed.
        package var seconds: Double?
        /// Unit of a counter.
        package var unit: String?
    }

    /// The schema of the file that the trace shows.
    package var subject: String
    /// From the trace's start to its end.
    package var seconds: Double
    package var slices: Int
    package var tracks: [Track]
    /// Length of all slices of a category, summed. Layers lie within steps, and kernels within layers.
    package var secondsByCategory: [String: Double]
    package var leftOut: [Trace.LeftOut]

    package init(_ trace: Trace) {
        subject = trace.subject
        seconds = Self.seconds(trace.end)
        leftOut = trace.leftOut
        var (slices, sums, tracks) = (0, [Trace.Category: Double](), [Track]())
        func add(_ slice: Trace.Slice) {
            slices += 1
            sums[slice.category, default: 0] += Self.seconds(slice.duration)
            for child in slice.children { add(child) }
        }
        for group in trace.groups {
            for track in group.tracks {
                let before = slices
                switch track.content {
                case .slices(let roots):
                    for root in roots { add(root) }
                    tracks.append(
                        Track(
                            group: group.name, name: track.name, kind: .slices, placement: track.placement,
                            count: slices - before, seconds: roots.reduce(0) { $0 + Self.seconds($1.duration) }))
                case .counter(let counter):
                    tracks.append(
                        Track(
                            group: group.name, name: track.name, kind: .counter, placement: track.placement,
                            count: counter.values.count, unit: counter.unit))
                }
            }
        }
        (self.slices, self.tracks) = (slices, tracks)
        secondsByCategory = Dictionary(uniqueKeysWithValues: sums.map { ($0.key.rawValue, $0.value) })
    }

    private static func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) * 1e-9 }

    /// One line a track, by group, ended by a line feed.
    package var text: String {
        var lines = ""
        var group = ""
        var table = TextTable(Self.columns)
        func end() {
            if !group.isEmpty { lines += "\(group)\n\(table.text)\n" }
            table = TextTable(Self.columns)
        }
        for track in tracks {
            if track.group != group {
                end()
                group = track.group
            }
            table.append([
                track.name, track.kind == .slices ? "slices" : "values", "\(track.count)",
                track.seconds.map { NumberText.si($0, "s") } ?? track.unit ?? "",
            ])
        }
        end()
        return lines + "Open it at https://ui.perfetto.dev, which reads the file in the browser and uploads nothing.\n"
    }

    private static let columns: [TextTable.Column] = [
        .init("track", .left), .init("", .left), .init("count"), .init("length or unit"),
    ]

    /// One line for each kind of thing that has no place in the trace.
    package var leftOutLines: [String] {
        leftOut.map { "left out: \($0.count) \($0.what): \($0.reason)" }
    }
}
