import SystemIO

extension KerfError.Code {
    /// The linear algebra library is absent, unsuitable, or reported a failure.
    package static let engineUnavailable = KerfError.Code("engine_unavailable", .unavailable)
    /// Buffers could not be allocated.
    package static let outOfMemory = KerfError.Code("out_of_memory", .system)
    /// A token or target outside the vocabulary, or not as many as the batch has.
    package static let invalidToken = KerfError.Code("invalid_token", .badData)
    /// A layer that is not in the stack's range.
    package static let noSuchLayer = KerfError.Code("no_such_layer", .internal)
    /// The layer's weights are not resident, or its inputs were never computed.
    package static let notReady = KerfError.Code("not_ready", .internal)
}
