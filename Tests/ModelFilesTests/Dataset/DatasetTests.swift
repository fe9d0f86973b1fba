import SystemIO
import SystemPackage
import Testing

@testable import ModelFiles

@Suite("Datasets")
struct DatasetTests {
    let scratch: Scratch
    let tokenizer: Tokenizer

    init() throws {
        scratch = try Scratch()
        tokenizer = try TokenizerCase.tokenizer("qwen2-gguf")
    }

    private func dataset(_ name: String, _ text: String) throws -> Dataset {
        try Dataset(path: scratch.write(name, text).string, tokenizer: tokenizer)
    }

    private func encode(_ text: String) -> [Int32] { tokenizer.encode(text, addSpecialTokens: false) }

    @Test("A text is one stream of tokens")
    func text() throws {
        let data = try dataset("a.txt", "one\ntwo\n")
        #expect(data.tokens == encode("one\ntwo\n"))
        #expect((0..<data.tokenCount).allSatisfy { data.targets[$0] })
        #expect(data.sha256 == SHA256.hexDigest(of: Array("one\ntwo\n".utf8)))
    }

    @Test("Lines of JSON are documents with the end token after each; a prompt is no target")
    func jsonLines() throws {
        let data = try dataset(
            "a.jsonl",
            """
            {"text": "one", "more": [1]}\r
            {"prompt": "two:", "completion": " three"}

            {"completion": "four", "prompt": ""}
            """)
        let end: Int32 = 2
        #expect(tokenizer.eosToken == end)
        let parts = [("one", true), ("two:", false), (" three", true), ("four", true)].map { (encode($0.0), $0.1) }
        #expect(data.tokens == parts[0].0 + [end] + parts[1].0 + parts[2].0 + [end] + parts[3].0 + [end])
        let prompt = parts[0].0.count + 1
        let mask = (0..<data.tokenCount).map { data.targets[$0] }
        #expect(mask == data.tokens.indices.map { !(prompt..<prompt + parts[1].0.count).contains($0) })
    }

    @Test("A completion follows its prompt without a space of its own")
    func continuation() throws {
        let tokenizer = try TokenizerCase.tokenizer("sentencepiece-json")
        let path = try scratch.write("a.jsonl", #"{"prompt": "the", "completion": " 1"}"#)
        let data = try Dataset(path: path.string, tokenizer: tokenizer)
        #expect(data.tokens == tokenizer.encode("the 1", addSpecialTokens: false))
    }

    @Test("Token ids need no tokenizer, and are checked against the vocabulary")
    func tokenIDs() throws {
        let path = try scratch.write("a.ids", " 0 12\n\t007\r\n2147483647").string
        let data = try Dataset(path: path, tokenizer: nil)
        #expect(data.tokens == [0, 12, 7, .max])
        #expect(throws: KerfError.self) { try Dataset(path: path, tokenizer: nil, vocabularySize: 12) }
        let error = modelFileError { try Dataset(path: path, tokenizer: tokenizer) }
        #expect(error?.message == "holds the token id 2147483647, but the vocabulary has 520 tokens")
    }

    @Test(
        "A byte-order mark is no part of the data",
        arguments: [("a.txt", "one\ntwo\n"), ("a.jsonl", "{\"text\": \"one é\"}\n"), ("a.ids", "1 2\n3")])
    func byteOrderMark(_ name: String, _ text: String) throws {
        let plain = try dataset(name, text)
        let marked = "\u{FEFF}" + text
        let utf16 = marked.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        for bytes in [Array(marked.utf8), utf16] {
            let data = try Dataset(path: scratch.write(name, bytes).string, tokenizer: tokenizer)
            #expect(data.tokens == plain.tokens)
            // The run names the file as it is.
            #expect(data.sha256 == SHA256.hexDigest(of: bytes) && data.sha256 != plain.sha256)
        }
        let mark = modelFileError { try dataset("b.txt", "\u{FEFF}") }
        #expect(mark?.message == "is empty")
    }

    /// Also where the part is not read: which of the two holds is as unknown, and another reader of the file may take it.
    @Test(
        "A key twice is refused wherever it is in a line",
        arguments: [
            (#"{"text": "a", "text": "b"}"#, "text"), (#"{"text": "a", "id": 1, "id": 2}"#, "id"),
            (#"{"text": "a", "meta": {"by": [{"x": 1, "x": 1}]}}"#, "meta.by[0].x"),
            (#"{"prompt": "a", "completion": "b", "id": 1, "\u0069d": 2}"#, #"\u0069d"#),
        ])
    func repeatedKeys(_ line: String, _ place: String) throws {
        let error = modelFileError { try dataset("a.jsonl", "{\"text\": \"a\"}\n\(line)\n") }
        #expect(error?.message == "line 2 has \(place) twice" && error?.code == .unusableData)
    }

    @Test(
        "A wrong file is refused with its line",
        arguments: [
            ("a.csv", "x", "is of no kind that Kerf trains on"),
            ("a.txt", "", "is empty"),
            ("a.jsonl", "\n", "holds no document"),
            ("a.jsonl", "{\"text\": \"a\"}\n{\"text\": }\n", "line 2 is not valid JSON, at byte 10 of the line"),
            ("a.jsonl", "{\"text\": \"a\"}\n[]\n", "line 2 is not a JSON object"),
            ("a.jsonl", "{\"text\": \"a\"}\n\n{\"txt\": \"a\"}", "line 3 has neither text nor prompt and completion"),
            ("a.jsonl", "{\"text\": \"\"}", "line 1 has an empty text"),
            ("a.jsonl", "{\"text\": 1}", "line 1 has a text that is not a text"),
            ("a.jsonl", "{\"prompt\": \"a\"}", "line 1 has no completion"),
            ("a.jsonl", "{\"completion\": \"a\"}", "line 1 has no prompt"),
            ("a.jsonl", "{\"prompt\": \"a\", \"completion\": \"\"}", "line 1 has an empty completion"),
            ("a.jsonl", "{\"text\": \"a\", \"prompt\": \"b\"}", "line 1 has a text and a prompt or completion"),
            ("a.ids", "", "holds no token id"),
            ("a.ids", "1 2\n3 -4", "line 2 holds something else than token ids and white space"),
            ("a.ids", "1\n2147483648", "line 2 holds a token id beyond 32 bits"),
        ])
    func refused(_ name: String, _ text: String, _ message: String) throws {
        #expect(modelFileError { try dataset(name, text) }?.message == message)
    }

    @Test("A mark of UTF-16 before what is not UTF-16", arguments: ["a.txt", "a.jsonl", "a.ids"])
    func falseMark(_ name: String) throws {
        let path = try scratch.write(name, [0xFF, 0xFE, 0x31]).string
        let error = modelFileError { try Dataset(path: path, tokenizer: tokenizer) }
        #expect(error?.message == "has the mark of UTF-16, but is not UTF-16" && error?.remedy != nil)
    }

    @Test("Text that is not UTF-8, or has no tokenizer")
    func unusableText() throws {
        let path = try scratch.write("b.txt", Array("a\nb\n".utf8) + [0xC3, 0x28]).string
        #expect(modelFileError { try Dataset(path: path, tokenizer: tokenizer) }?.message == "line 3 is not UTF-8")
        let plain = try scratch.write("c.txt", "a").string
        let error = modelFileError { try Dataset(path: plain, tokenizer: nil) }
        #expect(error?.message == "is text, and there is no tokenizer for it")
        #expect(modelFileError { try Dataset(path: plain + "x.txt", tokenizer: tokenizer) }?.code == .noSuchFile)
    }

    @Test("The mask is what was appended, bit by bit")
    func mask() {
        var mask = TargetMask()
        var expected: [Bool] = []
        for (isTarget, count) in [(true, 70), (false, 0), (true, 3), (false, 61), (true, 130), (false, 1), (true, 64)] {
            mask.append(isTarget, count: count)
            expected += [Bool](repeating: isTarget, count: count)
            #expect((0..<expected.count).map { mask[$0] } == expected)
        }
        #expect(!mask.hasAll)
    }
}
