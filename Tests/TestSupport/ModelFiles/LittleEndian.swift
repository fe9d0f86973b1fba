/// The bytes of a number, little-endian.
package func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

package func littleEndian(_ numbers: [Float]) -> [UInt8] { numbers.flatMap { littleEndian($0.bitPattern) } }
