/// A step that changes the text before it is split into words.
enum NormalizerStep: Sendable, Hashable {
    /// Puts bytes in front of a text that is not empty.
    case prepend([UInt8])
    /// Replaces each occurrence of bytes by others.
    case replace([UInt8], with: [UInt8])
    /// Unicode normalization form C.
    case nfc

    func apply(_ text: [UInt8]) -> [UInt8] {
        switch self {
        case .prepend(let prefix): text.isEmpty ? text : prefix + text
        case .replace(let pattern, let replacement): text.replacing(pattern, by: replacement)
        case .nfc: CanonicalComposition.composed(text)
        }
    }
}

extension [UInt8] {
    /// Replaces each occurrence of a pattern that is not empty, from the left.
    func replacing(_ pattern: [UInt8], by replacement: [UInt8]) -> [UInt8] {
        guard let first = pattern.first else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var position = 0
        while position < count {
            if self[position] == first, self[position...].starts(with: pattern) {
                result += replacement
                position += pattern.count
            } else {
                result.append(self[position])
                position += 1
            }
        }
        return result
    }
}
