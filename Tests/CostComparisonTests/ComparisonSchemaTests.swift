import ProfileFormat
import Quantities
import SystemIO
import TestSupport
import Testing

@testable import CostComparison

/// The schema of comparisons and its Swift types require the same fields.
@Suite("Comparison schema")
struct ComparisonSchemaTests {
    private static let known = Quantity(
        value: 1, lower: 0.9, upper: 1.1, confidence: 0.95, count: 9, degreesOfFreedom: 8, origin: .measured,
        reason: "planted")

    private static func input(_ name: String, _ planted: SyntheticProfile) throws -> ComparisonInput {
        try ComparisonInput(name: name, bytes: KerfJSON.encode(planted.make()))
    }

    private static func bare() throws -> CostComparison {
        var planted = SyntheticProfile()
        (planted.blocks, planted.origin) = (1, .unavailable)
        let first = try input("a.json", planted)
        planted.seed = 2
        return trimmed(try Comparer().compare([first, input("b.json", planted)]))
    }

    /// One row of each family: every row has the same fields, and each copy of the file is checked.
    private static func trimmed(_ comparison: CostComparison) -> CostComparison {
        var comparison = comparison
        comparison.comparisons[0].rows = ComparedPart.Family.allCases.compactMap { family in
            comparison.comparisons[0].rows.first { $0.part.family == family }
        }
        return comparison
    }

    /// A comparison with every field.
    private static func full() throws -> CostComparison {
        var planted = SyntheticProfile()
        planted.blocks = 1
        let first = try input("a.json", planted)
        planted.seed = 2
        var comparison = trimmed(try Comparer(betweenRuns: 0.01).compare([first, input("b.json", planted)]))
        (comparison.workload.pinned, comparison.workload.forwardOnly) = (true, true)
        comparison.workload.activationCheckpointing = true
        comparison.workload.weightFormats = ["Q4_K"]
        comparison.model.variant = .planted
        for place in comparison.sides.indices {
            comparison.sides[place].box.hypervisor = "KVM"
            comparison.sides[place].meter.reason = "planted"
            comparison.sides[place].pinned = true
            comparison.sides[place].referenceSeconds = known
            comparison.sides[place].medianCelsius = 50
        }
        comparison.comparisons[0].rows[0].baseline = known
        comparison.comparisons[0].rows[0].ratio = known
        return comparison
    }

    @Test(
        "a comparison with every field, and one with the fewest",
        .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
    func agreement() throws {
        #expect(try SchemaAgreement.faults(of: [Self.full(), Self.bare()], schema: "comparison") == [])
    }

    @Test("a comparison reads again as the same, to the same bytes")
    func roundTrip() throws {
        for comparison in [try Self.full(), try Self.bare()] {
            let bytes = try KerfJSON.encode(comparison)
            let read = try KerfJSON.decode(CostComparison.self, from: bytes, named: "comparison.json")
            #expect(read == comparison)
            #expect(try KerfJSON.encode(read) == bytes)
        }
    }

    @Test("the same files give the same comparison")
    func pure() throws { #expect(try Self.bare() == Self.bare()) }
}
