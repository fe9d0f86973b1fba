import Glibc

/// The process that started this one, for a child that must not outlive it.
///
/// A child whose parent ends gets another parent, so its parent's number changes. Create the value early: a parent that
/// ended before is not detected.
package struct ParentProcess: Sendable {
    private let pid = getppid()

    package init() {}

    package var hasGone: Bool { getppid() != pid }
}
