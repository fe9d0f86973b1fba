/// The CPUs that are on line.
package struct OnlineProcessors: Sendable, Hashable {
    /// As the kernel lists them: `0-3,6`.
    package var list: String
    /// Whether the kernel is taking one on or off line.
    package var isChanging: Bool

    package init(list: String, isChanging: Bool = false) {
        self.list = list
        self.isChanging = isChanging
    }
}
