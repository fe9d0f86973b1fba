import Glibc
import SystemPackage
import Testing

@testable import Markers

@Suite("The shared memory of marks")
struct MarkerMemoryTests {
    /// Writes as a client does, through the descriptor that it inherits.
    private func write<Number: FixedWidthInteger>(_ value: Number, at offset: Int, _ memory: MarkerMemory) throws {
        let bytes = withUnsafeBytes(of: value.littleEndian) { Array($0) }
        _ = try memory.descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
    }

    private func write(mark number: UInt64, _ memory: MarkerMemory) throws {
        let offset =
            MarkerMemory.headerBytes
            + Int(number % UInt64(MarkerMemory.capacity)) * MarkerMemory.recordBytes
        try write(1000 + number, at: offset, memory)
        try write(UInt32(7), at: offset + 8, memory)
        try write(UInt32(truncatingIfNeeded: number), at: offset + 12, memory)
        try write(number + 1, at: 24, memory)
    }

    @Test("records are taken in order, also where the ring begins anew")
    func takes() throws {
        let memory = try MarkerMemory()
        #expect(memory.take(0) == [])
        for number in 0..<UInt64(MarkerMemory.capacity) { try write(mark: number, memory) }
        #expect(memory.take(MarkerMemory.capacity)?.count == MarkerMemory.capacity)
        let next = UInt64(MarkerMemory.capacity)
        for number in next..<(next + 3) { try write(mark: number, memory) }
        #expect(memory.take(3)?.map(\.nanoseconds) == [1000 + next, 1001 + next, 1002 + next])
        #expect(memory.take(0) == [])
    }

    @Test(
        "another number than the memory holds is refused, and so is one that it cannot hold",
        arguments: [-1, 0, 2, 1 << 40])
    func refuses(count: Int) throws {
        let memory = try MarkerMemory()
        try write(mark: 0, memory)
        #expect(memory.take(count) == nil)
        try write(UInt64.max, at: 24, memory)
        #expect(memory.take(1) == nil)
    }

    @Test("what a client writes to Kerf's own count changes nothing, and it cannot shorten the memory")
    func belongsToKerf() throws {
        let memory = try MarkerMemory()
        try write(mark: 0, memory)
        try write(UInt64(12345), at: 32, memory)
        #expect(memory.take(1)?.count == 1)
        #expect(ftruncate(memory.descriptor.rawValue, 10) == -1)
    }
}
