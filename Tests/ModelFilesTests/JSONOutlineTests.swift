import SystemIO
import Testing

@testable import ModelFiles

@Suite("Structure of JSON")
struct JSONOutlineTests {
    private func repeated(_ text: String) -> JSONOutline.RepeatedKey? { JSONOutline(Array(text.utf8)).repeatedKey }

    @Test(
        "A key that an object has twice is found with its place and line",
        arguments: [
            (#"{"a": 1, "a": 2}"#, "a", 1),
            ("{\"a\": 1,\n \"b\": {},\n \"a\": 2}", "a", 3),
            (#"{"a": [{"b": 1}, {"b": 1, "c": {"x": [], "x": 0}}]}"#, "a[1].c.x", 1),
            (#"[[{"x": 1, "x": 1}]]"#, "[0][0].x", 1),
            (#"{"a": 1, "\u0061": 2}"#, #"\u0061"#, 1),
            (#"{"a\"b": 1, "a\u0022b": 2}"#, #"a\u0022b"#, 1),
        ])
    func repeats(_ text: String, place: String, line: Int) {
        let found = repeated(text)
        #expect(found?.place == place && found?.line == line, "\(String(describing: found))")
    }

    @Test("Among many keys too")
    func many() {
        let keys = (0..<1000).map { "\"k\($0)\": 0" }
        #expect(repeated("{" + keys.joined(separator: ", ") + "}") == nil)
        #expect(repeated("{" + (keys + ["\"k7\": 1"]).joined(separator: ",\n") + "}")?.line == 1001)
    }

    @Test(
        "Equal keys of different objects, equal values and canonically equivalent keys are no repetition",
        arguments: [
            #"{"a": {"a": {"a": "a"}}, "b": ["a", "a"]}"#, #"[{"a": 1}, {"a": 1}]"#, #"{"a": "a", "b": "a"}"#,
            "{\"\u{E9}\": 1, \"e\u{301}\": 2}", #"{"a": ":", "b": "a\":"}"#, "", "[]", "{}", "3",
        ])
    func distinct(_ text: String) { #expect(repeated(text) == nil) }

    @Test("The end of the first value; none when it is cut off or nested too deep")
    func ends() {
        let end = { (text: String) in JSONOutline(Array(text.utf8)).end }
        #expect(end(#" {"a": "}", "b": [1, {}]} {}"#) == 25)
        #expect(end("12 x") == 2)
        for text in ["", " ", "{", "[1, 2", #"{"a": "b"#, #"{"a": "\"#, "[}", "]", ","] { #expect(end(text) == nil) }
        #expect(end(String(repeating: "[", count: 1_000_000)) == nil)
        #expect(JSONOutline(Array("{}{\"a\": 1}".utf8), from: 2).end == 10)
    }

    @Test("Every reader of JSON refuses a repeated key")
    func readers() throws {
        let text = #"{"hidden_size": 1, "hidden_size": 2}"#
        let decoded = modelFileError { try JSONFile.decode([String: Int].self, from: text.utf8, file: "config.json") }
        #expect(decoded?.description.hasPrefix("config.json: hidden_size appears twice, again at line 1") == true)
        let field = modelFileError { try JSONField(Array(text.utf8), file: "tokenizer.json") }
        #expect(field?.message == "hidden_size appears twice, again at line 1")
    }
}
