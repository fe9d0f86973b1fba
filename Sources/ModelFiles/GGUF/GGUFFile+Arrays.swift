import SystemIO

extension GGUFFile {
    /// An array's texts in order; `nil` when the key is absent.
    ///
    /// The array's bytes are in the file, so that the texts take no more memory than a multiple of it.
    func texts(_ key: String) throws(KerfError) -> [String]? {
        try array(key, of: [.string], "texts") { (cursor, _) throws(KerfError) in
            try cursor.string(limit: Self.textLimit, what: "text of \(key)")
        }
    }

    /// An array's integers in order; `nil` when the key is absent.
    func integers(_ key: String) throws(KerfError) -> [Int64]? {
        try array(key, of: [.int32, .uint32], "32-bit integers") { (cursor, type) throws(KerfError) in
            type == .int32 ? Int64(try cursor.integer(Int32.self)) : Int64(try cursor.integer(UInt32.self))
        }
    }

    /// An array's floating-point numbers in order; `nil` when the key is absent.
    func floats(_ key: String) throws(KerfError) -> [Float]? {
        try array(key, of: [.float32], "32-bit floating-point numbers") { (cursor, _) throws(KerfError) in
            Float(bitPattern: try cursor.integer(UInt32.self))
        }
    }

    func boolean(_ key: String) throws(KerfError) -> Bool? {
        switch header.metadata[key] {
        case nil: return nil
        case .boolean(let value): return value
        default: throw KerfError(.malformed, at: name, "\(key) is not a boolean")
        }
    }

    /// Two tokens and a space.
    private static var textLimit: Int { 1 << 16 }

    private func array<Element>(
        _ key: String, of types: Set<GGUFValueType>, _ kind: String,
        _ element: (inout ByteCursor, GGUFValueType) throws(KerfError) -> Element
    ) throws(KerfError) -> [Element]? {
        guard let value = header.metadata[key] else { return nil }
        guard case .array(let array) = value, types.contains(array.type) || array.count == 0 else {
            throw KerfError(.malformed, at: name, "\(key) is not an array of \(kind)")
        }
        return try map.withBytes(array.range) { (bytes) throws(KerfError) in
            var cursor = ByteCursor(bytes, file: name)
            var elements: [Element] = []
            elements.reserveCapacity(array.count)
            for _ in 0..<array.count { elements.append(try element(&cursor, array.type)) }
            return elements
        }
    }
}
