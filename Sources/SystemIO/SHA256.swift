import COpenSSL

/// SHA-256 digests, by which a file names its inputs.
package enum SHA256 {
    /// 64 lower-case hexadecimal digits.
    package static func hexDigest(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hexDigest(of: $0) } }

    /// 64 lower-case hexadecimal digits.
    package static func hexDigest(of bytes: UnsafeRawBufferPointer) -> String {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = COpenSSL.SHA256(bytes.baseAddress, bytes.count, &digest)
        let digits = Array("0123456789abcdef")
        return digest.reduce(into: "") { text, byte in
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
    }
}
