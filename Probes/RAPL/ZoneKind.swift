/// What a zone measures, derived from its name.
///
/// Source: drivers/powercap/intel_rapl_common.c: a package is `package-S`, or `package-S-die-D` on a socket of several
/// dies; within it `core`, `uncore`, `dram`; the platform is `psys`, on boxes with several of them `psys-S`.
enum ZoneKind: Hashable {
    case package(socket: Int, die: Int?)
    case core, uncore, dram
    case platform
    case unknown

    init(name: String) {
        switch name {
        case "core": self = .core
        case "uncore": self = .uncore
        case "dram": self = .dram
        case "psys": self = .platform
        default: self = Self.numbered(name.split(separator: "-", omittingEmptySubsequences: false))
        }
    }

    private static func numbered(_ parts: [Substring]) -> ZoneKind {
        let numbers = parts.enumerated().map {
            $0.offset % 2 == 1 ? Int($0.element).flatMap { $0 < 0 ? nil : $0 } : nil
        }
        switch (parts.count, parts.first) {
        case (2, "package"):
            guard let socket = numbers[1] else { return .unknown }
            return .package(socket: socket, die: nil)
        case (4, "package"):
            guard parts[2] == "die", let socket = numbers[1], let die = numbers[3] else { return .unknown }
            return .package(socket: socket, die: die)
        case (2, "psys"):
            return numbers[1] == nil ? .unknown : .platform
        default:
            return .unknown
        }
    }

    var isPackage: Bool {
        if case .package = self { true } else { false }
    }

    /// Whether the zone is one of several dies of its socket.
    var isDie: Bool {
        if case .package(_, .some) = self { true } else { false }
    }

    /// Whether the zone's power is part of its parent's, and so bounded by it.
    var isInsideParent: Bool { self == .core || self == .uncore }

    /// The name with the die left out: `package-0` for `package-0-die-1`, others as they are.
    func socketName(_ name: String) -> String {
        if case .package(let socket, _) = self { "package-\(socket)" } else { name }
    }
}
