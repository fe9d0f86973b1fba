/// The alphabet of byte-level vocabularies: each byte is written as one printable scalar.
///
/// Source: GPT-2's `bytes_to_unicode`. The bytes of printable Latin-1 characters stand for themselves; the others follow
/// from U+0100 on in their order.
enum ByteAlphabet {
    /// Scalar of each byte.
    static let scalars: [Unicode.Scalar] = {
        var others: UInt32 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            if isPrintable(byte) { return Unicode.Scalar(byte) }
            defer { others += 1 }
            return Unicode.Scalar(others) ?? "?"
        }
    }()

    private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
        uniqueKeysWithValues: zip(scalars, UInt8.min...UInt8.max))

    private static func isPrintable(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
    }

    /// The bytes that a token's content stands for; `nil` when a scalar is not of the alphabet.
    static func bytes(_ content: some Sequence<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in String(decoding: Array(content), as: UTF8.self).unicodeScalars {
            guard let byte = bytes[scalar] else { return nil }
            result.append(byte)
        }
        return result
    }
}
