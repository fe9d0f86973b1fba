import Testing

/// One test at a time: each uses all the threads that it asks for, and two teams on the same cores only wait for each
/// other.
@Suite(.serialized) enum KernelTests {}
