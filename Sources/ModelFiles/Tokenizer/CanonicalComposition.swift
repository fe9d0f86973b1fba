/// Unicode normalization form C.
enum CanonicalComposition {
    static func composed(_ text: [UInt8]) -> [UInt8] { text }
}
