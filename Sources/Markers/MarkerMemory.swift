import CSharedMemory
import Glibc
import SystemIO
import SystemPackage

/// The shared memory in which a client writes marks: a ring of fixed records. See docs/markers.md for its layout.
///
/// The client may write to it at any time, so that every number is read once and then checked.
final class MarkerMemory {
    /// Records that fit.
    static let capacity = 1 << 16
    static let recordBytes = 16
    static let headerBytes = 64
    private static let magic = Array("KERFMARK".utf8)

    /// For the client to inherit.
    let descriptor: FileDescriptor
    private let base: UnsafeMutableRawPointer
    /// Records that were taken; the shared copy is for the client.
    private var read: UInt64 = 0
    private static var byteCount: Int { headerBytes + capacity * recordBytes }

    /// - Throws: ``KerfError/Code/ioError``.
    init() throws(KerfError) {
        do {
            descriptor = FileDescriptor(
                rawValue: try valueOrErrno { kerf_shared_memory("kerf-marks", Self.byteCount) })
        } catch {
            throw KerfError(.ioError, "cannot make shared memory for marks: \(error)")
        }
        let mapped = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.rawValue, 0)
        guard let mapped, mapped != MAP_FAILED else {
            let errno = Errno(rawValue: errno)
            try? descriptor.close()
            throw KerfError(.ioError, "cannot map shared memory for marks: \(errno)")
        }
        base = mapped
        base.copyMemory(from: Self.magic, byteCount: Self.magic.count)
        store(UInt32(ServerMessage.version), at: 8)
        store(UInt32(Self.recordBytes), at: 12)
        store(UInt64(Self.capacity), at: 16)
    }

    deinit {
        munmap(base, Self.byteCount)
        try? descriptor.close()
    }

    /// Takes the records that were written since the last call.
    ///
    /// - Parameter count: how many the client says there are.
    /// - Returns: `nil` where the memory disagrees.
    func take(_ count: Int) -> [Mark]? {
        let written = load(UInt64.self, at: 24)
        guard (0...Self.capacity).contains(count), written &- read == UInt64(count) else { return nil }
        let marks = (0..<UInt64(count)).map { place in
            let offset = Self.headerBytes + Int((read &+ place) % UInt64(Self.capacity)) * Self.recordBytes
            return Mark(
                nanoseconds: load(UInt64.self, at: offset), what: load(UInt32.self, at: offset + 8),
                step: load(UInt32.self, at: offset + 12))
        }
        read = written
        store(read, at: 32)
        return marks
    }

    private func load<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number {
        Number(littleEndian: base.load(fromByteOffset: offset, as: type))
    }

    private func store<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number, at offset: Int) {
        base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Number.self)
    }
}

/// A record of the shared memory.
struct Mark: Sendable, Hashable {
    var nanoseconds: UInt64
    /// The pass that begins, by its place in ``Hello/passes``, or one of the two below.
    var what: UInt32
    var step: UInt32

    static let stepBegins = UInt32.max - 1
    static let stepEnds = UInt32.max
}
