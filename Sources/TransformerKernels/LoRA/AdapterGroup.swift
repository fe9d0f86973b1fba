/// The LoRA pairs of a block's projections that share an input: their A lie one below the other, so that the input is
/// read, and its gradient written, once for all of them.
struct AdapterGroup {
    /// In the order of their A's rows.
    let adapters: [Adapter]
    /// `[rank, inputSize]`
    let a: UnsafeMutablePointer<Float>
    /// Shape of ``a``.
    let gradientA: UnsafeMutablePointer<Float>

    /// Of all pairs together.
    var rank: Int { adapters.count * adapters[0].rank }
    var inputSize: Int { adapters[0].inputSize }

    /// The pairs with the first of their rows in ``a``.
    var rows: some Sequence<(adapter: Adapter, first: Int)> {
        adapters.lazy.enumerated().map { ($1, $0 * $1.rank) }
    }
}
