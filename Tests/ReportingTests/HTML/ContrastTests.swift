import RealModule
import Testing

@testable import Reporting

/// Contrast of the page's colors, by WCAG 2.2.
@Suite("Colors of the report")
struct ContrastTests {
    /// Relative luminance of `#rrggbb`.
    private func luminance(_ color: String) throws -> Double {
        let number = try #require(Int(color.dropFirst(), radix: 16))
        let parts = [number >> 16 & 255, number >> 8 & 255, number & 255].map { part -> Double in
            let share = Double(part) / 255
            return share <= 0.04045 ? share / 12.92 : .pow((share + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    private func contrast(_ one: String, _ other: String) throws -> Double {
        let (a, b) = (try luminance(one), try luminance(other))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    @Test("the formula is that of the standard") func formula() throws {
        #expect(try contrast("#000000", "#ffffff") == 21)
        #expect(abs(try contrast("#777777", "#ffffff") - 4.48) < 0.01)
    }

    @Test("text has 4.5 to 1, lines and bars 3 to 1, on white and on black") func contrasts() throws {
        let page = try #require(ReportStyle.tones.first { $0.name == "page" })
        for tone in ReportStyle.tones where ["ink", "soft", "good", "caution", "bad", "note"].contains(tone.name) {
            #expect(try contrast(tone.light, page.light) >= 4.5, "\(tone.name) on white")
            #expect(try contrast(tone.dark, page.dark) >= 4.5, "\(tone.name) on black")
        }
        for color in ReportStyle.colors {
            #expect(try contrast(color.light, page.light) >= 3, "\(color.light)")
            #expect(try contrast(color.dark, page.dark) >= 3, "\(color.dark)")
        }
        // Links have the first series' color.
        #expect(try contrast(ReportStyle.colors[0].light, page.light) >= 4.5)
        #expect(try contrast(ReportStyle.colors[0].dark, page.dark) >= 4.5)
    }
}
