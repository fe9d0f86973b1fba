/// What firmware says in place of a serial number that nobody filled in: it names no box, and the same text may stand for
/// a product's name or a state elsewhere.
enum PlaceholderSerial {
    /// In lower case. AMI's and Insyde's defaults, and what vendors are known to leave.
    private static let known: Set<String> = [
        "default string", "default", "to be filled by o.e.m.", "to be filled by oem", "o.e.m.", "oem", "none",
        "none provided", "not specified", "not applicable", "not available", "not provided", "not present", "not set",
        "n/a", "na", "null", "unknown", "undefined", "unspecified", "invalid", "empty", "standard", "serial number",
        "serial", "system serial number", "chassis serial number", "base board serial number",
        "baseboard serial number", "board serial number", "product serial number", "battery", "123456", "1234567",
        "12345678", "123456789", "0123456789", "1234567890", "123456789abcdef", "03000200-0400-0500-0006-000700080009",
    ]

    static func isOne(_ text: String) -> Bool {
        let text = text.utf8.trimmed.map(\.lowercased)
        if known.contains(String(decoding: text, as: UTF8.self)) { return true }
        // `00000000`, `XXXX-XXXX`, `.`
        return Set(text.filter { $0.isLetter || $0.isDecimalDigit }).count < 2
    }
}
