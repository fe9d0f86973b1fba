import FoundationEssentials
import Testing

@testable import ModelFiles

@Suite("JSON parser")
struct JSONParserTests {
    private func parse(_ text: some Sequence<UInt8>) throws -> JSONValue {
        let bytes = Array(text)
        return try bytes.withUnsafeBufferPointer { try JSONParser.parse($0) }
    }

    @Test("Values of every kind")
    func values() throws {
        let value = try parse(
            #" {"a": [1, -2, 0, 9223372036854775807, 1.5, 2e3, -0.25E-1], "b": true, "c": false, "d": null, "": {}} "#
                .utf8)
        guard case .object(let members) = value else {
            Issue.record("not an object")
            return
        }
        #expect(members.map(\.name) == ["a", "b", "c", "d", ""])
        guard case .array(let numbers)? = value.member("a") else {
            Issue.record("not an array")
            return
        }
        let shown = numbers.map { "\($0)" }
        #expect(
            shown == [
                "integer(1)", "integer(-2)", "integer(0)", "integer(9223372036854775807)", "number(1.5)",
                "number(2000.0)",
                "number(-0.025)",
            ])
        #expect("\(try parse("9223372036854775808".utf8))" == "number(9.223372036854776e+18)")
    }

    @Test(
        "Texts with escapes",
        arguments: [
            (#""""#, ""), (#""é\u00e9\u0000""#, "éé\u{0}"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""a\ud83d\ude00b""#, "a😀b"), (#""\uFFFF""#, "\u{FFFF}"),
        ])
    func texts(_ json: String, _ expected: String) throws {
        guard case .text(let text) = try parse(json.utf8) else {
            Issue.record("not a text")
            return
        }
        #expect(Array(text.utf8) == Array(expected.utf8))
    }

    @Test("Names that are canonically equivalent are two members")
    func equivalentNames() throws {
        guard case .object(let members) = try parse("{\"\u{C5}\": 1, \"A\u{30A}\": 2, \"\u{212B}\": 3}".utf8) else {
            Issue.record("not an object")
            return
        }
        #expect(members.count == 3)
    }

    @Test(
        "What is not JSON is refused where it stops being that",
        arguments: [
            ("", 0), (" ", 1), ("nul", 0), ("[1,]", 3), ("{\"a\" 1}", 5), ("{\"a\":1,}", 7), ("{a:1}", 1), ("01", 1),
            ("-", 1),
            ("1.", 2), ("1e", 2), (".5", 0), ("+1", 0), ("NaN", 0), ("1e999", 0), ("\"a", 2), ("\"\n\"", 1),
            ("\"\\x\"", 3),
            ("\"\\ud800\"", 7), ("\"\\ud800\\u0041\"", 13), ("\"\\udc00\"", 7), ("\"\\u12g4\"", 5), ("[1] 2", 4),
            ("[", 1),
            ("\u{FEFF}1", 0),
        ])
    func malformed(_ text: String, _ offset: Int) {
        do {
            _ = try parse(text.utf8)
            Issue.record("\(text) was read")
        } catch {
            #expect((error as? JSONSyntaxError)?.offset == offset)
        }
    }

    @Test("Bytes that are not UTF-8, and deep nesting")
    func hostile() {
        #expect(throws: JSONSyntaxError.self) { try parse([0x22, 0xFF, 0x22]) }
        #expect(throws: JSONSyntaxError.self) { try parse([0x22, 0x5C, 0x6E, 0xC0, 0x80, 0x22]) }
        for opening in ["[", "{\"a\":"] {
            #expect(throws: JSONSyntaxError.self) { try parse(String(repeating: opening, count: 1_000_000).utf8) }
        }
        #expect(throws: Never.self) {
            try parse((String(repeating: "[", count: 60) + String(repeating: "]", count: 60)).utf8)
        }
    }
}
