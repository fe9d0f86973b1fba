/// One training step whose batch goes through device, link and server in equal micro-batches.
///
/// The device runs all its forward passes, then its backward passes in the same order as their gradients come back
/// (the order of GPipe, Huang et al., NeurIPS 2019); uplink, server and downlink each take one micro-batch after the
/// other. Every stage takes its time of the whole batch divided by the count of micro-batches.
struct Pipeline {
    var forward: Double
    var uplink: Double
    var server: Double
    var downlink: Double
    var backward: Double
    /// What every micro-batch waits besides on its way there and back, such as latency; occupies nothing.
    var latency: Double
    var microBatches: Int

    /// Seconds from the first forward pass to the end of the last backward pass.
    ///
    /// The gradient of micro-batch k (from 0) is back at d0 + k p, where p is the slowest stage's time. The backward
    /// passes then end at the greatest of three: the device's own work; the first gradient and all backward passes;
    /// the last gradient and its backward pass. Those between lie between, as both terms are linear in k.
    var seconds: Double {
        let count = Double(microBatches)
        let slowest = max(max(forward, uplink), max(server, downlink)) / count
        let first = (forward + uplink + server + downlink) / count + latency
        let last = first + (count - 1) * slowest
        return max(forward + backward, max(first + backward, last + backward / count))
    }
}
