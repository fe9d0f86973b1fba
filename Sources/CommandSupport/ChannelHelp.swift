/// Help on the input files of a channel.
package enum ChannelHelp {
    /// How a recorded trace is read, for `kerf simulate`.
    package static let traces = """
        A channel may be a recorded trace: CSV of time in seconds and one or two rates in bit/s. A rate of 0 is an \
        outage: nothing is sent, and a round that starts in it waits for its end, which counts as delay. Samples of \
        one time are averaged. The result counts both among its assumptions.
        """
}
