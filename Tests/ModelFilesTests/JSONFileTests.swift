import SystemIO
import SystemPackage
import Testing

@testable import ModelFiles

@Suite("JSON")
struct JSONFileTests {
    struct Sample: Decodable, Equatable {
        var count: Int
        var scale: Double?
        var name: String?
        var isOn: Bool?
        var sizes: [Int]?

        init(count: Int, scale: Double? = nil, name: String? = nil, isOn: Bool? = nil, sizes: [Int]? = nil) {
            (self.count, self.scale, self.name, self.isOn, self.sizes) = (count, scale, name, isOn, sizes)
        }

        init(from decoder: any Decoder) throws {
            let fields = try JSONFields(decoder)
            count = try fields.required("count")
            scale = try fields.optional("scale")
            name = try fields.optional("name")
            isOn = try fields.optional("is_on")
            sizes = try fields.optional("sizes")
        }
    }

    private func decode(_ text: String) throws -> Sample {
        try JSONFile.decode(from: text.utf8, file: "sample.json")
    }

    @Test("Fields of every kind; null counts as absent, unknown ones are passed over")
    func fields() throws {
        #expect(
            try decode(
                #"{"count": 9223372036854775807, "scale": -2.5e1, "name": "é\u00e9", "is_on": true, "sizes": [0]}"#)
                == Sample(count: .max, scale: -25, name: "éé", isOn: true, sizes: [0]))
        #expect(try decode(#"{"count": -1, "scale": null, "sizes": null, "more": [{}]}"#) == Sample(count: -1))
    }

    @Test(
        "Text that is not JSON, or cut off",
        arguments: [
            " ", "nul", "[", "{", #"{"count""#, #"{"count":"#, #"{"count":1"#, #"{"count":1,"name":"a"#, #"{"a"}"#,
            #"{count:1}"#, #"{"count":1}x"#, #"{"count":1 "name":"a"}"#, #"{"count":NaN}"#, #"{"count":-Infinity}"#,
            "{'count':1}", "\u{1}",
        ])
    func notJSON(_ text: String) {
        let error = modelFileError { try decode(text) }
        #expect(error?.code == .malformed && error?.remedy == JSONFile.remedy)
        let says = "sample.json: is not valid JSON, or is cut off"
        #expect(error?.description.hasPrefix(says) == true, "\(error as Any)")
    }

    @Test("A fault is told with its line")
    func faultyLine() {
        let texts = ["{\"count\": 1,\n\"name\": \"a\"\n\"scale\": 2}", "{\n\"count\": 1,\n", "{\"count\":\n\n NaN}"]
        for text in texts {
            let error = modelFileError { try decode(text) }
            #expect(error?.message == "is not valid JSON, or is cut off, at line 3", "\(error as Any)")
        }
    }

    @Test("Nothing, and a byte-order mark")
    func start() throws {
        #expect(modelFileError { try decode("") }?.message == "is empty")
        #expect(try decode("\u{FEFF}{\"count\": 1}") == Sample(count: 1))
        #expect(modelFileError { try decode("\u{FEFF}") }?.message == "is empty")
    }

    @Test("A byte-order mark is read past by every reader of JSON", arguments: [false, true])
    func marks(isUTF16: Bool) throws {
        let marked = { (text: String) -> [UInt8] in
            let text = "\u{FEFF}" + text
            return isUTF16 ? text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } : Array(text.utf8)
        }
        #expect(try JSONFile.decode(Sample.self, from: marked(#"{"count": 1}"#), file: "a.json") == Sample(count: 1))
        let field = try JSONField(marked("\n{\"é\": 7}"), file: "a.json")
        #expect(try field.required("é").integer() == 7)
        let broken = modelFileError { try JSONField(marked("{\n\"a\": }"), file: "a.json") }
        #expect(broken?.message.hasSuffix("at line 2") == true)
        let twice = modelFileError { try JSONField(marked(#"{"a": 1, "a": 2}"#), file: "a.json") }
        #expect(twice?.message.hasPrefix("a appears twice") == true)
        let scratch = try Scratch()
        defer { withExtendedLifetime(scratch) {} }
        let tokens = try scratch.write("a.json", marked("[[1, 2], [3]]"))
        #expect(try TokenFile(path: tokens.string).sequences == [[1, 2], [3]])
    }

    @Test("A mark of UTF-16 before what is not UTF-16")
    func falseMark() throws {
        let message = "has the mark of UTF-16, but is not UTF-16"
        let bytes: [UInt8] = [0xFF, 0xFE, 0x7B]
        #expect(modelFileError { try JSONField(bytes, file: "a.json") }?.message == message)
        #expect(modelFileError { try JSONFile.decode(Sample.self, from: bytes, file: "a.json") }?.message == message)
    }

    @Test(
        "A wrong value is refused by its field",
        arguments: [
            ("[]", "the JSON is not a valid object"),
            ("{}", "count is missing"),
            (#"{"count":null}"#, "count is missing"),
            (#"{"count":"1"}"#, "count is not a 64-bit integer"),
            (#"{"count":1.5}"#, "count is not a 64-bit integer"),
            (#"{"count":1e300}"#, "count is not a 64-bit integer"),
            (#"{"count":9223372036854775808}"#, "count is not a 64-bit integer"),
            (#"{"count":1,"scale":1e400}"#, "scale is not a finite number"),
            (#"{"count":1,"scale":"NaN"}"#, "scale is not a finite number"),
            (#"{"count":1,"name":2}"#, "name is not a valid string"),
            (#"{"count":1,"name":"\ud800"}"#, "name is not a valid string"),
            (#"{"count":1,"is_on":0}"#, "is_on is not true or false"),
            (#"{"count":1,"sizes":{}}"#, "sizes is not an array"),
            (#"{"count":1,"sizes":[1,null]}"#, "sizes[1] is not a 64-bit integer"),
            (#"{"count":1,"sizes":[1e400]}"#, "sizes is not an array of 64-bit integers"),
        ])
    func wrong(_ text: String, _ message: String) {
        #expect(
            modelFileError { try decode(text) }
                == KerfError(.malformed, at: "sample.json", message, remedy: JSONFile.remedy))
    }

    @Test("Bytes that are not UTF-8")
    func notUTF8() {
        let bytes = Array(#"{"count":1,"name":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        let error = modelFileError { try JSONFile.decode(Sample.self, from: bytes, file: "sample.json") }
        #expect(error?.message == "name is not a valid string")
    }

    @Test("A name from the file is shown in one line and cut to length")
    func names() {
        let name = #"a\n"# + String(repeating: "x", count: 1000)
        let error = modelFileError {
            try JSONFile.decode([String: [Int]].self, from: #"{"\#(name)": 1}"#.utf8, file: "sample.json")
        }
        #expect(error?.message == #""a?"# + String(repeating: "x", count: 62) + #"…" is not an array"#)
    }

    @Test("Deep nesting is refused, not followed", arguments: ["[", #"{"count":"#, #"{"more":["#])
    func nesting(_ opening: String) {
        for depth in [100_000, 1_000_000] {
            let error = modelFileError { try decode(String(repeating: opening, count: depth)) }
            #expect(error?.message.hasPrefix("is not valid JSON, or is cut off") == true)
        }
        let closed = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        let error = modelFileError { try decode(#"{"count":1,"more":\#(closed)}"#) }
        #expect(error?.message.hasPrefix("is not valid JSON, or is cut off") == true)
    }
}
