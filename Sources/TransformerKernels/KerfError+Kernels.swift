import SystemIO

extension KerfError.Code {
    /// The linear algebra library is missing, unsuitable, or reported an error.
    package static let engineUnavailable = KerfError.Code("engine_unavailable", .unavailable)
    /// Buffers could not be allocated.
    package static let outOfMemory = KerfError.Code("out_of_memory", .system)
    /// A token or target outside the vocabulary, or a wrong number of them.
    package static let invalidToken = KerfError.Code("invalid_token", .badData)
    /// A layer outside the stack's range.
    package static let noSuchLayer = KerfError.Code("no_such_layer", .internal)
    /// The layer's weights are not in memory, or its inputs were never computed.
    package static let notReady = KerfError.Code("not_ready", .internal)
}
