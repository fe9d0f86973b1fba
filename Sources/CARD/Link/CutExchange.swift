/// How a split training sends what the paper's form describes: whole adapters once, activations in f32.
public struct CutExchange: Codable, Sendable, Hashable {
    /// Tensors sent for each adapter: 1 for its parameters, 3 with AdamW's two moments.
    public var adapterTensors: Int
    /// Bytes of the smashed data over those in f32.
    public var activationRatio: Double
    /// Bytes of its gradient over those in f32.
    public var gradientRatio: Double

    public init(adapterTensors: Int = 1, activationRatio: Double = 1, gradientRatio: Double = 1) {
        self.adapterTensors = adapterTensors
        self.activationRatio = activationRatio
        self.gradientRatio = gradientRatio
    }

    /// - Parameter tokenBytes: of the targets, and of the tokens at cut 0, which are sent as they are.
    func apply(to traffic: inout CutTraffic, tokenBytes: Double) {
        traffic.adapterBytes *= Double(adapterTensors)
        traffic.downlinkBytes *= gradientRatio
        let tokens = traffic.stepMessages == 1 ? 2 * tokenBytes : tokenBytes
        if traffic.uplinkBytes > 0 { traffic.uplinkBytes = tokens + (traffic.uplinkBytes - tokens) * activationRatio }
    }
}
