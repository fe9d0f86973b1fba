/// One energy counter of the box, identified by its name and its place among the others.
public struct EnergyDomain: Sendable, Codable, Hashable {
    /// How a domain relates to the box's total.
    public enum Role: Sendable, Hashable {
        /// Part of the total: a package, or memory outside packages.
        case counted
        /// Contained in its parent, which is part of the total: core and uncore inside a package.
        case nested
        /// The whole platform, which contains the others; also a zone of unknown name at the level of packages, which
        /// may contain them. Shown, never added.
        case platform
        /// A device with a meter of its own that runs nothing of the measured work (a GPU). Shown, never added.
        case external
        /// A second view of the same counter (a second die of one socket, an MMIO twin). Shown, never added.
        case mirror(of: String)
        /// Its counter cannot be read.
        case unreadable(String)
    }

    /// Path of names from the top, unique on the box: `package-0/core`.
    public var identifier: String
    /// The kernel's own name: `core`.
    public var name: String
    /// Identifier of the domain that contains this one in the kernel's tree.
    public var parent: String?
    public var role: Role
    /// Range of the counter in microjoules; `nil` where the kernel does not report it.
    public var wrapRangeMicrojoules: UInt64?
    /// Upper limit of the domain's power in watts, which bounds how soon the counter can wrap. `nil` where it is not known;
    /// then ``EnergyCounter/maximumWatts`` is used.
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

/// The energy domains of a box: which contain others, and which add up to its total.
public struct EnergyDomainTree: Sendable, Codable, Hashable {
    /// Parents before their children.
    public var domains: [EnergyDomain]

    public init(_ domains: [EnergyDomain]) {
        self.domains = domains
    }

    /// The domains whose sum is the box's total. No joule is in two of them.
    public var counted: [EnergyDomain] { domains.filter { $0.role == .counted } }

    public var readable: [EnergyDomain] { domains.filter(\.isReadable) }

    /// The total as text: `package-0 + package-0/dram`.
    public var totalFormula: String { counted.map(\.identifier).joined(separator: " + ") }
}

/// In a file a domain is one flat object: `"role": "mirror", "mirror_of": "package-0"`.
extension EnergyDomain {
    private enum CodingKeys: String, CodingKey {
        case identifier, name, parent, role, mirrorOf, reason, wrapRangeMicrojoules, maximumWatts
    }

    private enum RoleName: String, Codable {
        case counted, nested, platform, external, mirror, unreadable
        /// ``external`` in files before profile version 3; never written.
        case beside
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let role: Role =
            switch try container.decode(RoleName.self, forKey: .role) {
            case .counted: .counted
            case .nested: .nested
            case .platform: .platform
            case .external, .beside: .external
            case .mirror: .mirror(of: try container.decode(String.self, forKey: .mirrorOf))
            case .unreadable: .unreadable(try container.decode(String.self, forKey: .reason))
            }
        self.init(
            identifier: try container.decode(String.self, forKey: .identifier),
            name: try container.decode(String.self, forKey: .name),
            parent: try container.decodeIfPresent(String.self, forKey: .parent), role: role,
            wrapRangeMicrojoules: try container.decodeIfPresent(UInt64.self, forKey: .wrapRangeMicrojoules),
            maximumWatts: try container.decodeIfPresent(Double.self, forKey: .maximumWatts))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(identifier, forKey: .identifier)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(parent, forKey: .parent)
        try container.encodeIfPresent(wrapRangeMicrojoules, forKey: .wrapRangeMicrojoules)
        try container.encodeIfPresent(maximumWatts, forKey: .maximumWatts)
        switch role {
        case .counted: try container.encode(RoleName.counted, forKey: .role)
        case .nested: try container.encode(RoleName.nested, forKey: .role)
        case .platform: try container.encode(RoleName.platform, forKey: .role)
        case .external: try container.encode(RoleName.external, forKey: .role)
        case .mirror(let twin):
            try container.encode(RoleName.mirror, forKey: .role)
            try container.encode(twin, forKey: .mirrorOf)
        case .unreadable(let reason):
            try container.encode(RoleName.unreadable, forKey: .role)
            try container.encode(reason, forKey: .reason)
        }
    }
}
