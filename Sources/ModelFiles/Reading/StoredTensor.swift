import SystemIO

/// A tensor inside a mapped file: its range and encoding. The range was checked when the file was opened.
struct StoredTensor: Sendable {
    /// Order of the rows in the file.
    enum RowOrder: Sendable {
        case asNamed
        /// The rows of each head interleave the two halves that rotary embedding pairs: file row 2 j + p of a head is row
        /// j + p headSize / 2. llama.cpp's converter writes q and k of the `llama` architecture in this order.
        case interleaved(headSize: Int)
    }

    let file: MappedFile
    let format: any TensorFormat.Type
    let offset: Int
    let rows: Int
    let columns: Int
    var rowOrder = RowOrder.asNamed

    private var bytesPerRow: Int { columns / format.valuesPerBlock * format.bytesPerBlock }
    private var range: Range<Int> { offset..<offset + rows * bytesPerRow }

    /// Writes all rows as f32; `destination` has room for `rows * columns`.
    func read(into destination: UnsafeMutablePointer<Float>) throws(KerfError) {
        let blocksPerRow = columns / format.valuesPerBlock
        try file.withBytes(range) { (bytes) throws(KerfError) in
            guard let source = bytes.baseAddress else { return }
            switch rowOrder {
            case .asNamed:
                format.decode(source, blocks: rows * blocksPerRow, into: destination)
            case .interleaved(let headSize):
                for row in 0..<rows {
                    let (head, inHead) = row.quotientAndRemainder(dividingBy: headSize)
                    let (pair, half) = inHead.quotientAndRemainder(dividingBy: 2)
                    let target = head * headSize + half * headSize / 2 + pair
                    format.decode(
                        source + row * bytesPerRow, blocks: blocksPerRow, into: destination + target * columns)
                }
            }
        }
        file.release(range)
    }

    /// - Throws: `impossibleShape` unless the tensor has the shape that the model needs.
    func validate(
        _ shape: (rows: Int, columns: Int), name: String, file: String
    ) throws(KerfError) {
        guard rows == shape.rows, columns == shape.columns else {
            throw KerfError(
                .impossibleShape, at: file,
                "\(name) is \(rows) x \(columns), but the model needs \(shape.rows) x \(shape.columns)")
        }
    }

    /// Size in bytes of a tensor of `elements` values in rows of `columns`; `nil` when a row is not a whole number of
    /// blocks, or on overflow.
    static func byteCount(_ format: any TensorFormat.Type, elements: Int, columns: Int) -> Int? {
        guard columns % format.valuesPerBlock == 0 else { return nil }
        let (bytes, overflow) = (elements / format.valuesPerBlock).multipliedReportingOverflow(by: format.bytesPerBlock)
        return overflow ? nil : bytes
    }
}
