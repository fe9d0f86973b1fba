import ArgumentParser
import SystemIO

/// `4096,1mib`
package struct ByteCounts {
    package let counts: [Int]

    package init(parsing text: String) throws {
        counts = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let count = ByteCount(argument: String(part)), (1...Double(1 << 30)).contains(count.bytes) else {
                throw ValidationError("\(PlainText.quoted(String(part))) is not a size from 1 byte to 1gib")
            }
            return Int(count.bytes)
        }
    }
}
