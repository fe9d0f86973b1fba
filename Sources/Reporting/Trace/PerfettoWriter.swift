import SwiftProtobuf

/// A trace as a file of Perfetto's. The same trace gives the same bytes.
///
/// Events refer to names by number, so that a million kernels do not repeat theirs. Events need not be in the order of
/// time: Perfetto sorts them, and keeps the order of those at the same time.
package struct PerfettoWriter {
    private typealias Packet = Perfetto_Protos_TracePacket
    private typealias Event = Perfetto_Protos_TrackEvent

    private var bytes: [UInt8] = []
    private var packets: [Packet] = []
    private var lastIdentifier: UInt64 = 0
    private var categories: [Trace.Category: UInt64] = [:]
    private var names: [String: UInt64] = [:]
    private var annotationNames: [String: UInt64] = [:]

    /// Concatenated messages are one message: no more than so many packets are held at a time.
    private static let packetsAtOnce = 4096
    /// All packets are of one writer, whose names they share.
    private static let sequence: UInt32 = 1

    private init() {}

    package static func bytes(of trace: Trace) throws -> [UInt8] {
        var writer = PerfettoWriter()
        for (place, group) in trace.groups.enumerated() { try writer.write(group, number: place + 1) }
        try writer.flush()
        return writer.bytes
    }

    private mutating func write(_ group: Trace.Group, number: Int) throws {
        let parent = nextIdentifier()
        try describe { track in
            track.uuid = parent
            track.process.pid = Int32(number)
            track.process.processName = group.name
            track.childOrdering = .explicit
        }
        for (place, track) in group.tracks.enumerated() {
            let identifier = nextIdentifier()
            try describe { descriptor in
                descriptor.uuid = identifier
                descriptor.parentUuid = parent
                descriptor.name = track.name
                descriptor.description_p = track.description
                descriptor.siblingOrderRank = Int32(place)
                if case .counter(let counter) = track.content { descriptor.counter.unitName = counter.unit }
            }
            switch track.content {
            case .slices(let slices): for slice in slices { try write(slice, on: identifier) }
            case .counter(let counter): for value in counter.values { try write(value, on: identifier) }
            }
        }
    }

    private mutating func nextIdentifier() -> UInt64 {
        lastIdentifier += 1
        return lastIdentifier
    }

    private mutating func describe(_ body: (inout Perfetto_Protos_TrackDescriptor) -> Void) throws {
        var packet = Packet()
        // Without a time it would be sorted behind the events before it.
        packet.timestamp = 0
        body(&packet.trackDescriptor)
        try append(packet)
    }

    private mutating func write(_ slice: Trace.Slice, on track: UInt64) throws {
        try append(at: slice.start, on: track, .sliceBegin) { writer, event, interned in
            event.nameIid = writer.number(ofName: slice.name, &interned)
            event.categoryIids = [writer.number(of: slice.category, &interned)]
            event.debugAnnotations = slice.annotations.map { writer.annotation($0, &interned) }
        }
        for child in slice.children { try write(child, on: track) }
        try append(at: slice.end, on: track, .sliceEnd) { _, _, _ in }
    }

    private mutating func write(_ value: Trace.Counter.Value, on track: UInt64) throws {
        try append(at: value.time, on: track, .counter) { _, event, _ in event.doubleCounterValue = value.value }
    }

    private mutating func append(
        at time: Int64, on track: UInt64, _ type: Event.TypeEnum,
        _ body: (inout PerfettoWriter, inout Event, inout Perfetto_Protos_InternedData) -> Void
    ) throws {
        var event = Event()
        event.type = type
        event.trackUuid = track
        var interned = Perfetto_Protos_InternedData()
        body(&self, &event, &interned)
        var packet = Packet()
        packet.timestamp = UInt64(time)
        packet.trackEvent = event
        if interned != Perfetto_Protos_InternedData() { packet.internedData = interned }
        try append(packet)
    }

    private mutating func append(_ packet: Packet) throws {
        var packet = packet
        packet.trustedPacketSequenceID = Self.sequence
        let isFirst = bytes.isEmpty && packets.isEmpty
        let flags: Packet.SequenceFlags = isFirst ? .seqIncrementalStateCleared : .seqNeedsIncrementalState
        packet.sequenceFlags = UInt32(flags.rawValue)
        packets.append(packet)
        if packets.count == Self.packetsAtOnce { try flush() }
    }

    private mutating func flush() throws {
        var part = Perfetto_Protos_Trace()
        part.packet = packets
        bytes += try part.serializedBytes() as [UInt8]
        packets.removeAll(keepingCapacity: true)
    }

    // MARK: - Names

    private mutating func number(ofName name: String, _ interned: inout Perfetto_Protos_InternedData) -> UInt64 {
        Self.number(of: name, in: &names) { number in
            var new = Perfetto_Protos_EventName()
            (new.iid, new.name) = (number, name)
            interned.eventNames.append(new)
        }
    }

    private mutating func number(
        of category: Trace.Category, _ interned: inout Perfetto_Protos_InternedData
    ) -> UInt64 {
        Self.number(of: category, in: &categories) { number in
            var new = Perfetto_Protos_EventCategory()
            (new.iid, new.name) = (number, category.rawValue)
            interned.eventCategories.append(new)
        }
    }

    private mutating func annotation(
        _ annotation: Trace.Annotation, _ interned: inout Perfetto_Protos_InternedData
    ) -> Perfetto_Protos_DebugAnnotation {
        var message = Perfetto_Protos_DebugAnnotation()
        message.nameIid = Self.number(of: annotation.name, in: &annotationNames) { number in
            var new = Perfetto_Protos_DebugAnnotationName()
            (new.iid, new.name) = (number, annotation.name)
            interned.debugAnnotationNames.append(new)
        }
        switch annotation.value {
        case .text(let text): message.stringValue = text
        case .integer(let integer): message.intValue = Int64(integer)
        case .number(let number): message.doubleValue = number
        }
        return message
    }

    /// Numbers count from 1 in the order in which names are first used.
    private static func number<Name: Hashable>(
        of name: Name, in numbers: inout [Name: UInt64], new: (UInt64) -> Void
    ) -> UInt64 {
        if let number = numbers[name] { return number }
        let number = UInt64(numbers.count) + 1
        numbers[name] = number
        new(number)
        return number
    }
}
