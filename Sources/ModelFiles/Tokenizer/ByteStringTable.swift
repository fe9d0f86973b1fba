/// Numbers byte strings in the order in which they are inserted.
///
/// An open-addressing hash table with linear probing; all strings are in one buffer. Lookup allocates nothing. The hash is
/// seeded at random, so that no file can be made of strings that collide; numbers do not depend on the seed.
struct ByteStringTable: Sendable {
    private static let seed = UInt64.random(in: 0 ... .max)

    private var storage: [UInt8] = []
    /// End of each string in the storage.
    private var ends: [Int] = []
    /// Number of a string plus one; 0 for an empty slot. The count is a power of two.
    private var slots = [Int32](repeating: 0, count: 64)

    var count: Int { ends.count }

    /// Bytes of a string.
    subscript(number: Int) -> ArraySlice<UInt8> { storage[range(number)] }

    func number(of string: UnsafeBufferPointer<UInt8>) -> Int? {
        let slot = slot(of: string)
        return slots[slot] == 0 ? nil : Int(slots[slot]) - 1
    }

    func number(of string: [UInt8]) -> Int? { string.withUnsafeBufferPointer { number(of: $0) } }

    /// The number of a string, which is inserted if it is new.
    mutating func insert(_ string: UnsafeBufferPointer<UInt8>) -> Int {
        let slot = slot(of: string)
        if slots[slot] != 0 { return Int(slots[slot]) - 1 }
        storage.append(contentsOf: string)
        ends.append(storage.count)
        slots[slot] = Int32(ends.count)
        if ends.count * 2 > slots.count { grow() }
        return ends.count - 1
    }

    mutating func insert(_ string: [UInt8]) -> Int { string.withUnsafeBufferPointer { insert($0) } }

    private func range(_ number: Int) -> Range<Int> { (number == 0 ? 0 : ends[number - 1])..<ends[number] }

    /// The slot that holds a string, or the empty one where it belongs.
    private func slot(of string: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(string)) & mask
        while slots[slot] != 0 {
            let range = range(Int(slots[slot]) - 1)
            if range.count == string.count, storage[range].elementsEqual(string) { return slot }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        storage.withUnsafeBufferPointer { storage in
            for number in ends.indices {
                let string = UnsafeBufferPointer(rebasing: storage[range(number)])
                var slot = Int(truncatingIfNeeded: Self.hash(string)) & mask
                while slots[slot] != 0 { slot = (slot + 1) & mask }
                slots[slot] = Int32(number + 1)
            }
        }
    }

    /// FNV-1a, with the mixing steps of SplitMix64 at the end.
    private static func hash(_ string: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = seed
        for byte in string { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return hash ^ (hash >> 27)
    }
}
