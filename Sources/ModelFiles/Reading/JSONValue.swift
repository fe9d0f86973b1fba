/// A JSON value (RFC 8259).
///
/// Members keep their order and texts their scalars. A vocabulary has keys that are canonically equivalent; a dictionary
/// of strings, and so `JSONDecoder`, would make one of them.
enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    /// A number without fraction and exponent that 64 bits hold.
    case integer(Int)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([(name: String, value: JSONValue)])

    /// The member of a name; `nil` for none, or for another kind of value. Readers refuse objects that have a name twice.
    func member(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }
}

/// Where a text stops being JSON.
struct JSONSyntaxError: Error {
    /// In bytes.
    let offset: Int
}
