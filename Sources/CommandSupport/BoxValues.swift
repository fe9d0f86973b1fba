import SystemIO

/// Values of an option that is given once for all boxes, or once for each of them in their order.
package enum BoxValues {
    /// - Parameters:
    ///   - box: what a box is called, `device` or `server`.
    ///   - option: the option that the values come from.
    /// - Returns: one value for each box; `nil` for all where none is given.
    /// - Throws: ``KerfError/Code/invalidArgument`` for another number of values.
    package static func spread<Value>(
        _ values: [Value], over count: Int, _ box: String, of option: String
    ) throws(KerfError) -> [Value?] {
        switch values.count {
        case 0: return Array(repeating: nil, count: count)
        case count: return values
        case 1: return Array(repeating: values[0], count: count)
        case let given:
            throw KerfError(
                .invalidArgument,
                count == 1
                    ? "there is one \(box), and \(option) has \(given) values"
                    : "\(option) has \(given) values; give one for all, or one for each of the \(count) \(box)s")
        }
    }

    /// Short names of files that tell them apart: without folders and `.json` where that does, else the paths; a file that
    /// is there more than once is numbered.
    package static func names(ofFiles paths: [String]) -> [String] {
        let short = paths.map { path in
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return name.hasSuffix(".json") ? String(name.dropLast(5)) : name
        }
        let distinct = Set(paths).count
        let names = Set(short).count == distinct ? short : paths
        var seen: [String: Int] = [:]
        return names.map { name in
            let place = seen[name, default: 0] + 1
            seen[name] = place
            return names.filter { $0 == name }.count > 1 ? "\(name) #\(place)" : name
        }
    }
}
