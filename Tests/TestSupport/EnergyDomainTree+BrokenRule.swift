import ProfileFormat

extension EnergyDomainTree {
    /// The first broken one of the rules that hold for every box; `nil` for a sound tree.
    package var brokenRule: String? {
        let named = Dictionary(grouping: domains, by: \.identifier)
        if let twice = named.first(where: { $0.value.count > 1 }) { return "\(twice.key) stands there twice" }
        for domain in counted {
            var above = domain.parent
            while let name = above, let parent = named[name]?.first {
                // Memory is the one thing below a package that its counter leaves out.
                if parent.role == .counted && domain.name != "dram" { return "\(domain.identifier) is counted twice" }
                above = parent.parent
            }
        }
        for domain in domains {
            guard case .mirror(let original) = domain.role else { continue }
            if named[original]?.first?.isReadable != true { return "\(domain.identifier) mirrors nothing" }
        }
        return nil
    }
}
