/// Unicode normalization form C (UAX 15), by the tables that Hugging Face's `tokenizers` has.
///
/// Those are of Unicode 9: a newer scalar has no mapping, and its combining class counts as 0.
enum CanonicalComposition {
    /// The normalized text; UTF-8 in and out. Time is proportional to the text, but for sorting long runs of marks.
    static func composed(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { bytes in
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count)
            var segment: [UInt32] = []
            var position = 0
            while position < bytes.count {
                let (value, length) = bytes.scalar(at: position)
                // Scalars below the first mark combine with none before them.
                if value < 0x300 {
                    append(segment, to: &result)
                    segment.removeAll(keepingCapacity: true)
                }
                segment.append(value)
                position += length
            }
            append(segment, to: &result)
            return result
        }
    }

    private static func append(_ segment: [UInt32], to result: inout [UInt8]) {
        let composed = segment.count < 2 && segment.allSatisfy { $0 < 0x300 } ? segment : compose(segment)
        for case let scalar? in composed.lazy.map(Unicode.Scalar.init) {
            result.append(contentsOf: UTF8.encode(scalar) ?? .init())
        }
    }

    private static func compose(_ segment: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        /// Index in the result of the scalar that marks combine with.
        var starter: Int?
        /// Class of the last mark after the starter.
        var last: UInt8 = 0
        for (scalar, order) in decomposed(segment) {
            if let index = starter, index == result.count - 1 || last < order,
                let composite = composite(result[index], scalar)
            {
                result[index] = composite
                continue
            }
            if order == 0 { starter = result.count }
            last = order
            result.append(scalar)
        }
        return result
    }

    /// Form D: scalars and their combining classes, marks in canonical order.
    private static func decomposed(_ segment: [UInt32]) -> [(scalar: UInt32, order: UInt8)] {
        var result: [(scalar: UInt32, order: UInt8)] = []
        for scalar in segment {
            for part in decomposition(scalar) { result.append((part, combiningClass(part))) }
        }
        var start = 0
        while start < result.count {
            let end: Int = result[start...].firstIndex { $0.order == 0 } ?? result.count
            // The standard library's sort is stable.
            if end - start > 1 { result[start..<end].sort { $0.order < $1.order } }
            start = end + 1
        }
        return result
    }

    private static func combiningClass(_ value: UInt32) -> UInt8 {
        guard value >= 0x300, let properties = Unicode.Scalar(value)?.properties,
            let age = properties.age, age.major <= 9
        else { return 0 }
        return properties.canonicalCombiningClass.rawValue
    }

    // MARK: - Mappings

    private static let pairs = parse(CanonicalMappings.composites)

    private static let composites: [UInt64: UInt32] = Dictionary(
        uniqueKeysWithValues: pairs.map { (UInt64($0[1]) << 32 | UInt64($0[2]), $0[0]) })

    private static let decompositions: [UInt32: [UInt32]] = {
        var found = Dictionary(
            uniqueKeysWithValues: parse(CanonicalMappings.decompositions).map { ($0[0], Array($0[1...])) })
        for pair in pairs { found[pair[0]] = [pair[1], pair[2]] }
        return found
    }()

    private static func parse(_ text: String) -> [[UInt32]] {
        text.split(separator: ";").map { entry in entry.split(separator: " ").compactMap { UInt32($0, radix: 16) } }
    }

    /// Hangul syllables (The Unicode Standard, 3.12): first index and count of leading consonants, vowels and trailing
    /// consonants.
    private static let (leading, vowel, trailing, syllable): (UInt32, UInt32, UInt32, UInt32) =
        (0x1100, 0x1161, 0x11A7, 0xAC00)
    private static let (vowels, trailings, syllables): (UInt32, UInt32, UInt32) = (21, 28, 11_172)

    private static func decomposition(_ scalar: UInt32) -> [UInt32] {
        if scalar >= syllable, scalar < syllable + syllables {
            let index = scalar - syllable
            let parts = [leading + index / (vowels * trailings), vowel + index / trailings % vowels]
            return index % trailings == 0 ? parts : parts + [trailing + index % trailings]
        }
        guard let parts = decompositions[scalar] else { return [scalar] }
        // The first of a composite's two may be a composite itself.
        return parts.count == 2 ? decomposition(parts[0]) + [parts[1]] : parts
    }

    private static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first >= leading, first < leading + 19, second >= vowel, second < vowel + vowels {
            return syllable + ((first - leading) * vowels + (second - vowel)) * trailings
        }
        if first >= syllable, first < syllable + syllables, (first - syllable) % trailings == 0, second > trailing,
            second < trailing + trailings
        {
            return first + (second - trailing)
        }
        return composites[UInt64(first) << 32 | UInt64(second)]
    }
}
