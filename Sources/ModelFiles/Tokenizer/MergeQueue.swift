/// Merges that can be made in a word, least rank first, and leftmost first among equals: a binary heap.
struct MergeQueue {
    struct Entry {
        /// Rank and position, compared in this order.
        fileprivate let key: UInt64
        /// The token that the pair becomes.
        let id: Int32

        var position: Int { Int(key & 0xFFFF_FFFF) }
    }

    private var entries: [Entry] = []

    mutating func push(rank: Int32, position: Int, id: Int32) {
        let entry = Entry(key: UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(position), id: id)
        var hole = entries.count
        entries.append(entry)
        while hole > 0, entries[(hole - 1) / 2].key > entry.key {
            entries[hole] = entries[(hole - 1) / 2]
            hole = (hole - 1) / 2
        }
        entries[hole] = entry
    }

    mutating func pop() -> Entry? {
        guard let least = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return least }
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].key < entries[child].key { child += 1 }
            guard entries[child].key < last.key else { break }
            entries[hole] = entries[child]
            hole = child
        }
        entries[hole] = last
        return least
    }
}
