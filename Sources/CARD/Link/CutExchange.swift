/// How a split training sends what the paper's form describes: whole adapters once, activations in f32.
public struct CutExchange: Codable, Sendable, Hashable {
    /// Tensors sent for each adapter: 1 for its parameters, 3 with AdamW's two moments.
    public var adapterTensors: Int
    /// Bytes of the smashed data over those in f32.
    public var activationRatio: Double
    /// Bytes of its gradient over those in f32.
    public var gradientRatio: Double
    /// Whether the server answers each step at cut 0 too, with the loss.
    public var answersEveryStep: Bool

    public init(
        adapterTensors: Int = 1, activationRatio: Double = 1, gradientRatio: Double = 1, answersEveryStep: Bool = false
    ) {
        self.adapterTensors = adapterTensors
        self.activationRatio = activationRatio
        self.gradientRatio = gradientRatio
        self.answersEveryStep = answersEveryStep
    }

    /// - Parameter tokenBytes: of tokens and targets that go up, which are sent as they are.
    func apply(to traffic: inout CutTraffic, tokenBytes: Double) {
        traffic.adapterBytes *= Double(adapterTensors)
        traffic.downlinkBytes *= gradientRatio
        if traffic.uplinkBytes > 0 {
            traffic.uplinkBytes = tokenBytes + (traffic.uplinkBytes - tokenBytes) * activationRatio
        }
        if answersEveryStep, traffic.stepMessages == 1 { traffic.stepMessages = 2 }
    }
}
