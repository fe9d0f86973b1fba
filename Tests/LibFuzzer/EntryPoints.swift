import Statistics

// What libFuzzer's own `main` calls, by these names.

/// Writes the seed corpora and dictionaries instead of fuzzing when `KERF_FUZZ_SEEDS` names a directory for them.
@c(LLVMFuzzerInitialize)
public func initialize(
    _ count: UnsafeMutablePointer<CInt>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    Kinds.writeSeedsIfAsked()
    return 0
}

@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    Finding.watch { try Kinds.chosen.attempt([UInt8](UnsafeBufferPointer(start: data, count: size))) }
    return 0
}

/// Most bytes are refused before anything interesting is reached, so each kind has a mutator that keeps its form.
@c(LLVMFuzzerCustomMutator)
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt) -> Int {
    var random = SeededGenerator(seed: UInt64(seed))
    let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
    let mutated = Kinds.chosen.mutated(bytes, maximum: maximum, using: &random).prefix(maximum)
    for (offset, byte) in mutated.enumerated() { data[offset] = byte }
    return mutated.count
}

/// In place of libc's: a counter is read again at once, or each tree would take a tenth of a second.
@c(usleep)
public func sleepNot(_ microseconds: CUnsignedInt) -> CInt { 0 }
