import Statistics
import Testing

@Suite("Golden-section search")
struct GoldenSectionTests {
    @Test("finds the minimum inside and at both ends", arguments: [-1.0, 0.0, 0.3, 1.0, 2.5])
    func minimum(at place: Double) {
        let found = GoldenSection.minimum(from: 0, to: 1, tolerance: 1e-9) { ($0 - place) * ($0 - place) }
        #expect(abs(found - min(max(place, 0), 1)) < 1e-7)
    }

    @Test("of equal values it follows the side that was asked for")
    func plateau() {
        func found(_ prefersLower: Bool) -> Double {
            GoldenSection.minimum(from: 0, to: 10, tolerance: 1e-9, prefersLower: prefersLower) {
                max(0, abs($0 - 5) - 2)
            }
        }
        #expect(abs(found(true) - 3) < 1e-6)
        #expect(abs(found(false) - 7) < 1e-6)
    }

    @Test("a tolerance below the spacing of doubles ends the search")
    func tiny() {
        let found = GoldenSection.minimum(from: 1e20, to: 1.5e20, tolerance: 0) { abs($0 - 1.2e20) }
        #expect(abs(found / 1.2e20 - 1) < 1e-9)
    }
}
