/// One energy counter of the box, known by its name and its place among the others.
public struct EnergyDomain: Sendable, Codable, Hashable {
    /// How a domain enters the box's total.
    public enum Role: Sendable, Hashable {
        /// Counts towards the total: a package, or memory beside it.
        case counted
        /// Part of its parent, which counts already: core and uncore inside a package.
        case nested
        /// The whole platform, which contains the others, or a zone of unknown name beside the packages, of which
        /// nobody can tell that it does not: shown, never added.
        case platform
        /// A part of the box with a meter of its own, on which nothing of Kerf's runs (a GPU): shown, never added.
        case external
        /// A second view of the same counter (a second die of one socket, an MMIO twin): shown, never added.
        case mirror(of: String)
        /// Its counter cannot be read.
        case unreadable(String)
    }

    /// Path of names from the top, unique on the box: `package-0/core`.
    public var identifier: String
    /// The kernel's own name: `core`.
    public var name: String
    /// Identifier of the domain this one is nested in by the kernel's tree.
    public var parent: String?
    public var role: Role
    /// Range of the counter in microjoules; `nil` when the kernel does not tell it.
    public var wrapRangeMicrojoules: UInt64?
    /// More than this the domain never draws, in watts: it tells how soon the counter can wrap. `nil` where nothing
    /// states it; then ``EnergyCounter/maximumWatts`` stands for it.
    public var maximumWatts: Double?

    public init(
        identifier: String, name: String, parent: String? = nil, role: Role, wrapRangeMicrojoules: UInt64? = nil,
        maximumWatts: Double? = nil
    ) {
        self.identifier = identifier
        self.name = name
        self.parent = parent
        self.role = role
        self.wrapRangeMicrojoules = wrapRangeMicrojoules
        self.maximumWatts = maximumWatts
    }

    /// Whether the counter can be read at all.
    public var isReadable: Bool {
        if case .unreadable = role { false } else { true }
    }
}

/// The energy domains of a box: which contain which, and which add up to its total.
public struct EnergyDomainTree: Sendable, Codable, Hashable {
    /// Parents before their children.
    public var domains: [EnergyDomain]

    public init(_ domains: [EnergyDomain]) {
        self.domains = domains
    }

    /// The domains whose sum is the box's total, each joule once.
    public var counted: [EnergyDomain] { domains.filter { $0.role == .counted } }

    public var readable: [EnergyDomain] { domains.filter(\.isReadable) }

    /// The total in words: `package-0 + package-0/dram`.
    public var totalFormula: String { counted.map(\.identifier).joined(separator: " + ") }
}
