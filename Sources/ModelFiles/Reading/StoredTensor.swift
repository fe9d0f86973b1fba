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

    var bytesPerRow: Int { columns / format.valuesPerBlock * format.bytesPerBlock }

    /// Writes all rows as f32; `destination` has room for `rows * columns`.
    func read(into destination: UnsafeMutablePointer<Float>) throws(KerfError) {
        try read(rows: 0..<rows, into: destination)
    }

    /// Writes rows as f32; `destination` has room for `rows.count * columns`.
    func read(rows: Range<Int>, into destination: UnsafeMutablePointer<Float>) throws(KerfError) {
        let blocksPerRow = columns / format.valuesPerBlock
        try eachRun(of: rows) { source, first, count in
            format.decode(source, blocks: count * blocksPerRow, into: destination + first * columns)
        }
    }

    /// Writes the blocks of rows as they are; `destination` has room for `rows.count * bytesPerRow`.
    func readBlocks(rows: Range<Int>, into destination: UnsafeMutableRawPointer) throws(KerfError) {
        try eachRun(of: rows) { source, first, count in
            (destination + first * bytesPerRow).copyMemory(from: source, byteCount: count * bytesPerRow)
        }
    }

    /// Calls `body` for each run of rows that are together in the file, with the number of rows before it.
    private func eachRun(
        of rows: Range<Int>, _ body: (_ source: UnsafeRawPointer, _ first: Int, _ count: Int) -> Void
    ) throws(KerfError) {
        var stored = rows
        if case .interleaved(let headSize) = rowOrder {
            // All rows of the heads that these are of.
            stored = rows.lowerBound / headSize * headSize..<(rows.upperBound + headSize - 1) / headSize * headSize
        }
        let range = offset + stored.lowerBound * bytesPerRow..<offset + stored.upperBound * bytesPerRow
        try file.withBytes(range) { (bytes) throws(KerfError) in
            guard let source = bytes.baseAddress else { return }
            switch rowOrder {
            case .asNamed:
                body(source, 0, rows.count)
            case .interleaved(let headSize):
                for row in rows {
                    let (head, inHead) = row.quotientAndRemainder(dividingBy: headSize)
                    let (half, pair) = inHead.quotientAndRemainder(dividingBy: headSize / 2)
                    let place = head * headSize + 2 * pair + half - stored.lowerBound
                    body(source + place * bytesPerRow, row - rows.lowerBound, 1)
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
