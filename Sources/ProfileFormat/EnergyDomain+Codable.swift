/// A domain is one flat object in a file: `"role": "mirror", "mirror_of": "package-0"`.
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
