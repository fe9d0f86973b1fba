import Testing

@testable import ModelFiles

@Suite("JSON")
struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONParser.parse(contentsOf: Array(text.utf8), file: "test")
    }

    @Test("Values of every kind")
    func values() throws {
        #expect(
            try parse(#" { "a" : [ 1 , -2.5e1 , true , false , null ] , "b" : { } , "c" : "" } "#)
                == .object([
                    "a": .array([.integer(1), .number(-25), .boolean(true), .boolean(false), .null]),
                    "b": .object([:]), "c": .string(""),
                ]))
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try parse("1.0") == .number(1))
        #expect(try parse("0") == .integer(0))
    }

    @Test("Escapes")
    func escapes() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#) == .string("\"\\/\u{8}\u{c}\n\r\té😀é"))
    }

    @Test(
        "Text that is not JSON",
        arguments: [
            "", " ", "nul", "nulll", "tru", "01", "-", "1.", ".5", "1e", "+1", "1e999", "NaN", "Infinity", "[1,]",
            "[1 2]",
            "[", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, #"{"a":1 "b":2}"#, #"{"a":1,"a":2}"#, #"""#,
            #""\x""#,
            #""\u12""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "\"\u{1}\"", "1 2", "{}x", "\u{FEFF}{}", "'a'",
            String(repeating: "1", count: 65),
        ])
    func refuses(_ text: String) {
        let error = modelFileError { try parse(text) }
        #expect(error?.code == .malformed || error?.code == .truncated)
    }

    @Test("Bytes that are not UTF-8")
    func notUTF8() {
        let error = modelFileError { try JSONParser.parse(contentsOf: [0x22, 0xFF, 0x22], file: "test") }
        #expect(error?.message.hasPrefix("text is not UTF-8") == true)
    }

    @Test("Nesting and the number of values are limited")
    func limits() throws {
        #expect(throws: Never.self) { try parse(String(repeating: "[", count: 31) + String(repeating: "]", count: 31)) }
        let deep = modelFileError { try parse(String(repeating: "[", count: 1_000_000)) }
        #expect(deep?.message.hasPrefix("JSON nested deeper than 32") == true)
        let many = modelFileError { try parse("[" + String(repeating: "0,", count: JSONParser.valueLimit) + "0]") }
        #expect(many?.message.hasPrefix("more than") == true)
    }
}
