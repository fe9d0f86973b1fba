/// How a number was obtained. Every quantity in a file has one, so that a simulated or modelled value cannot be taken for
/// a measured one.
public enum Origin: String, Codable, Sendable, Hashable, CaseIterable {
    /// Read from a meter or a clock of this box.
    case measured
    /// Computed from a model or a declared value.
    case modelled
    /// Read from a virtual box, whose true values are known.
    case simulated
    /// Not obtained. Such a quantity has no value, and is never zero.
    case unavailable

    /// The origin of a value computed from several: the weakest of them.
    ///
    /// From strong to weak: `measured`, `modelled`, `simulated`, `unavailable`.
    public static func weakest(_ origins: some Sequence<Origin>) -> Origin {
        origins.max { $0.weakness < $1.weakness } ?? .unavailable
    }

    private var weakness: Int {
        switch self {
        case .measured: 0
        case .modelled: 1
        case .simulated: 2
        case .unavailable: 3
        }
    }
}
