import SystemIO
import Testing

@Suite("A command in one text")
struct CommandWordsTests {
    @Test(arguments: [
        ("plug", ["plug"]), ("  python3  plug.py\t10.0.0.2\n", ["python3", "plug.py", "10.0.0.2"]),
        (#"a 'b c' "d e"f"#, ["a", "b c", "d ef"]), (#"a '' """#, ["a", "", ""]), (#"a\ b c\\d"#, ["a b", #"c\d"#]),
        (#"a "x\"y\\z\n" 'x\y'"#, ["a", #"x"y\z\n"#, #"x\y"#]), ("sh -c 'a | b > c'", ["sh", "-c", "a | b > c"]),
        (#"a $HOME * \|"#, ["a", "$HOME", "*", "|"]), ("prüf ☃", ["prüf", "☃"]),
    ])
    func words(_ text: String, _ words: [String]) throws { #expect(try CommandWords.split(text) == words) }

    @Test(arguments: ["", "  \n", "''", "a 'b", #"a "b"#, "a \\", "a | b", "a > b", "a && b", "a; b", "a\0b"])
    func refused(_ text: String) {
        #expect(throws: KerfError.self) { try CommandWords.split(text) }
    }
}
