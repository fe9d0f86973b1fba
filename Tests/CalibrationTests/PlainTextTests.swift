import SystemIO
import Testing

@Suite("Text from outside")
struct PlainTextTests {
    @Test("nothing that steers a terminal or breaks a line is left; letters of any script are")
    func shown() {
        #expect(PlainText.shown("a\u{1b}[2J\r\nb\u{9b}c\u{2028}d\u{202e}e\u{7f}") == "a?[2J??b?c?d?e?")
        #expect(PlainText.shown("Prozeßor 处理器 µ") == "Prozeßor 处理器 µ")
        #expect(PlainText.shown("abcdef", limit: 6) == "abcdef")
        #expect(PlainText.shown("abcdefg", limit: 6) == "abcdef…")
        #expect(PlainText.quoted("a\"b") == "\"a\"b\"")
    }

    @Test("a name is cut by the columns that it takes")
    func names() {
        let limit = PlainText.nameLimit
        for (letter, width) in [("x", 1), ("é", 1), ("e\u{301}", 1), ("温", 2), ("한", 2), ("Ａ", 2)] {
            #expect(PlainText.width(of: letter) == width)
            let longest = String(repeating: letter, count: limit / width)
            #expect(PlainText.name(longest) == longest)
            #expect(PlainText.name(longest + letter) == longest + "…")
        }
        let marks = PlainText.name("e" + String(repeating: "\u{301}", count: 1000))
        #expect(marks.unicodeScalars.count == 2 * limit + 1)
    }
}
