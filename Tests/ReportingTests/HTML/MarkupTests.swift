import Testing

@testable import Reporting

/// Text from files stays text.
@Suite("Markup")
struct MarkupTests {
    @Test(
        "what is put into markup can neither open an element nor end an attribute",
        arguments: [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)", "&lt;b&gt;",
            "]]><![CDATA[", "a\u{0}b\u{1b}[31m", "\u{202e}gnp.exe\u{2066}", "<!--", "${x}", "\\(x)", "\u{feff}\u{2028}",
        ])
    func hostile(text: String) {
        let page: Markup = "<p title='\(text)' lang=\"\(text)\">\(text)</p>"
        let outline = PageOutline(page.html)
        #expect(outline.fault == nil, "\(page.html)")
        #expect(outline.elements.count == 1 && outline.elements.first?.attributes.count == 2)
        let shown = outline.elements.first?.text ?? ""
        #expect(!shown.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(!shown.unicodeScalars.contains { $0.properties.generalCategory == .format })
    }

    @Test("ampersands and quotes come back as they were") func roundTrip() {
        let text = "a & b < c > d \"e\" 'f' ü 中"
        #expect(PageOutline(("<p>\(text)</p>" as Markup).html).elements.first?.text == text)
    }

    @Test("places are finite, to a tenth") func places() {
        #expect(Markup.place(12.34) == "12.3")
        #expect(Markup.place(12) == "12")
        #expect(Markup.place(-0.04) == "0")
        #expect(Markup.place(.nan) == "0" && Markup.place(.infinity) == "0")
    }
}
