import Statistics
import Testing

@testable import ModelFiles

@Suite("Normalization form C")
struct CanonicalCompositionTests {
    private func composed(_ text: String) -> [Unicode.Scalar] {
        Array(String(decoding: CanonicalComposition.composed(Array(text.utf8)), as: UTF8.self).unicodeScalars)
    }

    @Test(
        "Examples of UAX 15",
        arguments: [
            ("A\u{30A}", "\u{C5}"), ("\u{212B}", "\u{C5}"), ("\u{1E9B}\u{323}", "\u{1E9B}\u{323}"),
            ("\u{1E0A}\u{323}", "\u{1E0C}\u{307}"), ("D\u{307}\u{323}", "\u{1E0C}\u{307}"),
            ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"), ("\u{D558}\u{11AB}", "\u{D55C}"), ("\u{FB01}", "\u{FB01}"),
            ("\u{9C7}\u{334}\u{9BE}", "\u{9C7}\u{334}\u{9BE}"), ("\u{F900}", "\u{8C48}"), ("\u{344}", "\u{308}\u{301}"),
            ("a\u{5AE}\u{300}b", "\u{E0}\u{5AE}b"), ("\u{958}", "\u{915}\u{93C}"), ("", ""), ("plain", "plain"),
        ])
    func examples(_ text: String, _ expected: String) {
        #expect(composed(text) == Array(expected.unicodeScalars))
    }

    /// Swift compares strings by canonical equivalence, with tables and code of its own.
    @Test("Random text is equivalent to its form, and all equivalent texts have one form")
    func equivalence() {
        var random = SeededGenerator(seed: 2)
        let known = (0x41..<0x30000).compactMap { Unicode.Scalar($0) }.filter { ($0.properties.age?.major ?? 99) <= 9 }
        let marks = known.filter { $0.properties.canonicalCombiningClass != .notReordered }
        for _ in 0..<5000 {
            let scalars = (0..<1 + random.next() % 5).map { _ in
                let choice = random.next() % 3 == 0 ? known : marks
                return choice[Int(random.next() % UInt64(choice.count))]
            }
            let text = String(String.UnicodeScalarView(scalars))
            let form = composed(text)
            let formText = String(String.UnicodeScalarView(form))
            #expect(formText == text, "\(scalars)")
            #expect(composed(formText) == form, "\(scalars)")
            // Marks of different classes may come in any order.
            let swapped = String(String.UnicodeScalarView(Self.swappingMarks(scalars)))
            #expect(composed(swapped) == form, "\(scalars)")
        }
    }

    private static func swappingMarks(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var scalars = scalars
        for index in scalars.indices.dropLast() {
            let (left, right) = (scalars[index], scalars[index + 1])
            let classes = [left, right].map { $0.properties.canonicalCombiningClass }
            let areMarks = classes.allSatisfy { $0 != .notReordered } && classes[0] != classes[1]
            // Some marks decompose into marks of other classes.
            let arePlain = [left, right].allSatisfy { !$0.properties.isFullCompositionExclusion && $0.value != 0x344 }
            if areMarks && arePlain { scalars.swapAt(index, index + 1) }
        }
        return scalars
    }

    @Test("A long run of marks takes a moment")
    func longRun() {
        let text = "a" + String(repeating: "\u{301}\u{323}", count: 100_000)
        #expect(composed(text).count == 200_000)
    }
}
