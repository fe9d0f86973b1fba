import Statistics

extension Mutator {
    /// A safetensors file: its JSON header mutates, and the header's length at the start of the file mostly fits again.
    package func safetensors(_ good: [UInt8], maximum: Int = .max, using random: inout SeededGenerator) -> [UInt8] {
        let prefix = 8
        guard good.count > prefix, Int.random(in: 0..<8, using: &random) > 0 else {
            return plain(good, maximum, &random)
        }
        let length = good[..<prefix].reversed().reduce(0) { $0 << 8 | Int($1 & 0x7F) }
        let end = prefix + min(length, good.count - prefix)
        let room = maximum == .max ? .max : max(0, maximum - (good.count - end) - prefix)
        let header = plain(Array(good[prefix..<end]), room, &random)
        let count = (0..<prefix).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        return count + header + good[end...]
    }
}
