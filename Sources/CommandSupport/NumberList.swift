import ArgumentParser
import SystemIO

/// One number or several: `128` or `128,256,512`.
package struct NumberList: Sendable, CustomStringConvertible {
    /// In the order in which they were given, each once.
    package let numbers: [Int]

    package static let maximumCount = 32
    package static let range = 1...1_000_000

    package init(_ number: Int) { numbers = [number] }

    @Sendable package init(parsing text: String) throws {
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        guard words.count <= Self.maximumCount else {
            throw ValidationError("\(words.count) numbers, at most \(Self.maximumCount) are possible")
        }
        var numbers: [Int] = []
        for word in words {
            guard let number = Int(word) else {
                throw ValidationError("\(PlainText.quoted(String(word))) is not a number; write it like 128 or 128,256")
            }
            guard Self.range.contains(number) else {
                throw ValidationError(
                    "must be between \(Self.range.lowerBound) and \(Self.range.upperBound), not \(number)")
            }
            guard !numbers.contains(number) else { throw ValidationError("\(number) is given twice") }
            numbers.append(number)
        }
        self.numbers = numbers
    }

    package var description: String { numbers.map(String.init).joined(separator: ",") }
}
