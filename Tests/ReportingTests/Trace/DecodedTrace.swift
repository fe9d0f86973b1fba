import Reporting
import SwiftProtobuf

/// A trace's bytes as Perfetto reads them: events in the order of time, each end closing the slice begun last on its track.
struct DecodedTrace {
    struct Slice {
        var name: String
        var category: String
        var track: UInt64
        var start: UInt64
        var end: UInt64
        /// Place of the slice that this one lies in.
        var parent: Int?
        var annotations: [String: Perfetto_Protos_DebugAnnotation] = [:]

        var nanoseconds: UInt64 { end - start }
    }

    struct Track {
        var name: String
        var group: String
        /// A counter's unit.
        var unit: String?
    }

    private(set) var tracks: [UInt64: Track] = [:]
    private(set) var slices: [Slice] = []
    /// Values of counters by track.
    private(set) var values: [UInt64: [(time: UInt64, value: Double)]] = [:]
    /// What is wrong with the trace.
    private(set) var faults: [String] = []

    init(_ bytes: [UInt8]) throws {
        let packets = try Perfetto_Protos_Trace(serializedBytes: bytes).packet
        var processes: [UInt64: String] = [:]
        for descriptor in packets.filter(\.hasTrackDescriptor).map(\.trackDescriptor) {
            if descriptor.hasProcess { processes[descriptor.uuid] = descriptor.process.processName }
            if descriptor.uuid == 0 || tracks[descriptor.uuid] != nil {
                faults.append("track \(descriptor.uuid) twice")
            }
            tracks[descriptor.uuid] = Track(
                name: descriptor.name, group: processes[descriptor.parentUuid] ?? "",
                unit: descriptor.hasCounter ? descriptor.counter.unitName : nil)
        }
        if packets.first?.sequenceFlags != 1 { faults.append("the first packet does not begin a sequence") }
        if packets.dropFirst().contains(where: { $0.sequenceFlags != 2 }) { faults.append("a second sequence") }
        read(packets.filter(\.hasTrackEvent))
    }

    private mutating func read(_ events: [Perfetto_Protos_TracePacket]) {
        var (names, categories, annotations) = ([UInt64: String](), [UInt64: String](), [UInt64: String]())
        for packet in events {
            for new in packet.internedData.eventNames { names[new.iid] = new.name }
            for new in packet.internedData.eventCategories { categories[new.iid] = new.name }
            for new in packet.internedData.debugAnnotationNames { annotations[new.iid] = new.name }
        }
        var open: [UInt64: [Int]] = [:]
        let inTime = events.enumerated().sorted {
            ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset)
        }
        for (_, packet) in inTime {
            let (event, track) = (packet.trackEvent, packet.trackEvent.trackUuid)
            guard let known = tracks[track], (known.unit != nil) == (event.type == .counter) else {
                faults.append("an event on the wrong track, \(track)")
                continue
            }
            switch event.type {
            case .sliceBegin:
                var slice = Slice(
                    name: names[event.nameIid] ?? "", category: categories[event.categoryIids.first ?? 0] ?? "",
                    track: track, start: packet.timestamp, end: packet.timestamp, parent: open[track]?.last)
                for annotation in event.debugAnnotations {
                    slice.annotations[annotations[annotation.nameIid] ?? ""] = annotation
                }
                if slice.name.isEmpty || slice.category.isEmpty { faults.append("a slice without name or category") }
                open[track, default: []].append(slices.count)
                slices.append(slice)
            case .sliceEnd:
                guard let last = open[track]?.popLast() else {
                    faults.append("an end without a begin on \(known.name)")
                    continue
                }
                slices[last].end = packet.timestamp
            case .counter: values[track, default: []].append((packet.timestamp, event.doubleCounterValue))
            case .unspecified: faults.append("an event of no type")
            }
        }
        for (track, left) in open where !left.isEmpty { faults.append("\(left.count) slices on \(track) do not end") }
    }

    func slices(_ category: String, on track: String? = nil, inGroup group: String? = nil) -> [Slice] {
        slices.filter { slice in
            guard slice.category == category, let found = tracks[slice.track] else { return false }
            return (track.map { $0 == found.name } ?? true) && (group.map { found.group.contains($0) } ?? true)
        }
    }

    /// Nanoseconds by name, of slices within one of another name where that is given.
    func sums(_ category: String, within parent: String? = nil) -> [String: UInt64] {
        slices(category).reduce(into: [:]) { sums, slice in
            if let parent, slice.parent.map({ slices[$0].name }) != parent { return }
            sums[slice.name, default: 0] += slice.nanoseconds
        }
    }

    /// A counter's unit and values.
    func counter(_ name: String, inGroup group: String = "") -> (unit: String, values: [(time: UInt64, value: Double)])?
    {
        let found = tracks.first { $0.value.name == name && (group.isEmpty || $0.value.group.contains(group)) }
        return found.flatMap { track in track.value.unit.map { ($0, values[track.key] ?? []) } }
    }

    /// Slices that do not lie within the one that they were begun in, or that overlap the one before them in it.
    var nestingFaults: [String] {
        var lastEnd: [[Int?]: UInt64] = [:]
        var found: [String] = []
        for slice in slices {
            if let parent = slice.parent.map({ slices[$0] }), slice.start < parent.start || slice.end > parent.end {
                found.append("\(slice.name) is not within \(parent.name)")
            }
            let key = [slice.parent, Int(slice.track)]
            if slice.start < lastEnd[key] ?? 0 { found.append("\(slice.name) overlaps the one before") }
            lastEnd[key] = slice.end
        }
        return found
    }
}

extension Trace {
    /// The trace as its file shows it.
    func decoded() throws -> DecodedTrace { try DecodedTrace(PerfettoWriter.bytes(of: self)) }
}
