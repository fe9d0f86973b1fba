import Testing

@testable import Reporting

@Suite("Places in a trace")
struct TraceLayoutTests {
    @Test("seconds that come from clock readings are exact")
    func nanoseconds() {
        for reading: Int64 in [0, 1, 999_999_999, 12_345_678_901_234, 86_400_000_000_001] {
            #expect(TraceLayout.nanoseconds(Double(reading) * 1e-9) == reading)
        }
        for seconds in [-1e-9, 1e8, .infinity, .nan] { #expect(TraceLayout.nanoseconds(seconds) == nil) }
    }

    @Test("the longest part gives what rounding made too much, and nothing hides a real excess")
    func fit() {
        var parts: [Int64] = [3, 10, 4]
        #expect(TraceLayout.fit(&parts, into: 20) && parts == [3, 10, 4])
        #expect(TraceLayout.fit(&parts, into: 16) && parts == [3, 9, 4])
        #expect(!TraceLayout.fit(&parts, into: 13) && parts == [3, 9, 4])
    }

    @Test("parts start where they are wanted as far as all fit")
    func starts() {
        #expect(TraceLayout.starts(of: [2, 3], in: 10..<20) == [10, 12])
        #expect(TraceLayout.starts(of: [2, 3], wanted: [11, 15], in: 10..<20) == [11, 15])
        #expect(TraceLayout.starts(of: [2, 3], wanted: [0, 0], in: 10..<20) == [10, 12])
        #expect(TraceLayout.starts(of: [2, 3], wanted: [30, 30], in: 10..<20) == [15, 17])
    }
}
