import Quantities
import Testing

@Suite("Numbers as text")
struct NumberTextTests {
    @Test(
        "fixed digits",
        arguments: [
            (3.14159, 2, "3.14"), (-3.2, 1, "-3.2"), (0, 2, "0.00"), (-0.001, 2, "0.00"), (0.999, 2, "1.00"),
            (2.5, 0, "3"), (1e6, 3, "1000000.000"), (0.05, 3, "0.050"), (1e300, 2, "1e+300"), (.infinity, 1, "inf"),
        ])
    func fixed(value: Double, digits: Int, text: String) { #expect(NumberText.fixed(value, digits: digits) == text) }

    @Test(
        "three significant digits and a prefix",
        arguments: [
            (0.0123, "12.3 ms"), (4.5678, "4.57 s"), (0, "0 s"), (1, "1.00 s"), (999.4, "999 s"), (999.6, "1.00 ks"),
            (0.0009996, "1.00 ms"), (1e-6, "1.00 µs"), (2.6e9, "2.60 Gs"), (-0.0123, "-12.3 ms"), (9.996, "10.0 s"),
            (3.2e12, "3200 Gs"), (1.5e-9, "1.50 ns"),
        ])
    func si(value: Double, text: String) { #expect(NumberText.si(value, "s") == text) }

    @Test("quantities show their interval, and never a zero for what is missing")
    func quantities() {
        let quantity = Quantity(
            value: 0.0123, lower: 0.0122, upper: 0.0124, confidence: 0.95, count: 9, origin: .measured)
        #expect(NumberText.si(quantity, "s") == "12.3 ms ± 0.8 %")
        #expect(NumberText.si(Quantity(value: 2, origin: .modelled), "J") == "2.00 J")
        #expect(NumberText.si(.unavailable("no meter"), "J") == "n/a")
        #expect(
            NumberText.percent(
                Quantity(value: -0.01, lower: -0.014, upper: -0.006, confidence: 0.95, origin: .measured))
                == "-1.0 % (-1.4 to -0.6 %)")
    }
}
