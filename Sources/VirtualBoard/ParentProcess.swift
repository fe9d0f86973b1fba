import Glibc

/// The process that started this one, to be watched by a board that must not outlive it.
///
/// A child whose parent ends is given to another parent, so its parent's number changes. Make the value early: a parent
/// that ended before is not noticed.
package struct ParentProcess: Sendable {
    private let pid = getppid()

    package init() {}

    package var hasGone: Bool { getppid() != pid }
}
