/// How a weight lies in memory.
package enum WeightLayout: Sendable, Hashable {
    /// `[outputSize, inputSize]`, row-major: one copy serves both directions.
    case plain
    /// As the engine likes it best, which differs between the directions.
    case packed
}
