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
}
