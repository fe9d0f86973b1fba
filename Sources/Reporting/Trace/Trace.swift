/// What a file of Kerf's shows over time: slices and counters on named tracks, in groups. Knows nothing of a file format.
package struct Trace: Sendable, Hashable {
    /// The schema of the file that it shows: `kerf.profile`.
    package var subject: String
    package var groups: [Group] = []
    /// What the file has and the trace does not show.
    package var leftOut: [LeftOut] = []

    package init(subject: String) { self.subject = subject }

    /// Tracks that belong together, such as those of one side of a split; a process in Perfetto.
    package struct Group: Sendable, Hashable {
        package var name: String
        package var tracks: [Track] = []

        package init(_ name: String, _ tracks: [Track] = []) {
            self.name = name
            self.tracks = tracks
        }
    }

    /// One line of the picture.
    package struct Track: Sendable, Hashable {
        package enum Content: Sendable, Hashable {
            /// Ascending, without overlap.
            case slices([Slice])
            case counter(Counter)
        }

        package var name: String
        /// What it shows, and how exactly.
        package var description: String
        package var placement: Placement
        package var content: Content
    }

    /// Where the times of a track come from.
    package enum Placement: String, Sendable, Hashable, Encodable {
        /// The file has them.
        case placed
        /// The file has lengths alone, which are laid end to end.
        case laidOut = "laid_out"
    }

    /// A time in which something was going on. Children lie within it, ascending and without overlap.
    package struct Slice: Sendable, Hashable {
        package var name: String
        package var category: Category
        /// Nanoseconds since the trace's start, not below zero.
        package var start: Int64
        /// Nanoseconds.
        package var duration: Int64
        package var annotations: [Annotation] = []
        package var children: [Slice] = []

        package var end: Int64 { start + duration }
    }

    package enum Category: String, Sendable, Hashable, CaseIterable, Encodable {
        case run, step, layer, kernel, window, idle, rejected, visit, turn, round, part, activity, transfer
    }

    /// A value that holds until the next one.
    package struct Counter: Sendable, Hashable {
        package struct Value: Sendable, Hashable {
            /// Nanoseconds since the trace's start, not below zero.
            package var time: Int64
            package var value: Double
        }

        /// `W`, `Hz`, `°C`.
        package var unit: String
        /// Ascending.
        package var values: [Value]
    }

    /// A named value of a slice.
    package struct Annotation: Sendable, Hashable {
        package enum Value: Sendable, Hashable {
            case text(String)
            case integer(Int)
            case number(Double)
        }

        package var name: String
        package var value: Value

        package init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// Things of one kind that have no place in the trace.
    package struct LeftOut: Sendable, Hashable, Encodable {
        package var what: String
        package var count: Int
        package var reason: String
    }

    package mutating func leaveOut(_ count: Int, _ what: String, because reason: String) {
        guard count > 0 else { return }
        if let place = leftOut.firstIndex(where: { $0.what == what && $0.reason == reason }) {
            let (sum, isTooLarge) = leftOut[place].count.addingReportingOverflow(count)
            leftOut[place].count = isTooLarge ? .max : sum
        } else {
            leftOut.append(LeftOut(what: what, count: count, reason: reason))
        }
    }

    /// The end of the last slice or value, in nanoseconds.
    package var end: Int64 { groups.flatMap(\.tracks).map(\.end).max() ?? 0 }
}

extension Trace.Track {
    var end: Int64 {
        switch content {
        case .slices(let slices): slices.last?.end ?? 0
        case .counter(let counter): counter.values.last?.time ?? 0
        }
    }
}
