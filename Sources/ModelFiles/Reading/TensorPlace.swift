import SystemIO

/// Where a checkpoint has the values of a role: in a tensor of its own, or in some rows of one that holds several.
struct TensorPlace: Sendable, Hashable {
    /// The tensor's name.
    let name: String
    let firstRow: Int
    /// Rows of the whole tensor.
    let tensorRows: Int

    /// - Parameters:
    ///   - name: that of a tensor of one role.
    ///   - fusedNames: of a block, in a model whose q, k and v are the rows of one tensor, and gate and up of another.
    init(
        _ role: TensorRole, in config: ModelConfig, name: (TensorRole) -> String,
        fusedNames: (_ block: Int) -> (qkv: String, gateUp: String)
    ) {
        let rows = config.shape(of: role).rows
        guard config.variant.fusedProjections, case .projection(let projection, let block) = role else {
            self.init(name: name(role), firstRow: 0, tensorRows: rows)
            return
        }
        let names = fusedNames(block)
        let (firstRow, tensorRows) = config.fusedRows(of: projection)
        switch projection {
        case .q, .k, .v: self.init(name: names.qkv, firstRow: firstRow, tensorRows: tensorRows)
        case .gate, .up: self.init(name: names.gateUp, firstRow: firstRow, tensorRows: tensorRows)
        case .o, .down: self.init(name: name(role), firstRow: 0, tensorRows: rows)
        }
    }

    private init(name: String, firstRow: Int, tensorRows: Int) {
        (self.name, self.firstRow, self.tensorRows) = (name, firstRow, tensorRows)
    }
}

extension StoredTensor {
    /// The rows of a role.
    ///
    /// - Throws: `impossibleShape` unless the tensor has the rows and columns that the model needs.
    func part(
        _ place: TensorPlace, shape: (rows: Int, columns: Int), file: String
    ) throws(KerfError) -> StoredTensor {
        try validate((place.tensorRows, shape.columns), name: place.name, file: file)
        guard shape.rows < rows else { return self }
        return StoredTensor(
            file: self.file, format: format, offset: offset + place.firstRow * bytesPerRow, rows: shape.rows,
            columns: columns)
    }
}
