import SystemIO
import SystemPackage

/// The directory in which a tree lies that stands for `/`: its path may hold its owner's name, and is nobody's business.
struct TreePlace {
    /// The path as it was given, and without links. Longer ones first.
    private let spellings: [[UInt8]]

    init(_ root: SystemRoot) {
        var paths: Set = [root.path.string]
        if let real = root.realDirectory(root.path) { paths.insert(real.string) }
        spellings = paths.filter { $0 != "/" }.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// The text with paths as they are in the box.
    ///
    /// Only whole names count. A relative root does only where a path goes on behind it, since it may be any word.
    func removed(from text: [UInt8]) -> [UInt8] {
        spellings.reduce(text) { Self.removing($1, from: $0) }
    }

    private static func removing(_ place: [UInt8], from text: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            let end = index + place.count
            let starts = index == 0 || !(continuesName(text, index - 1) || text[index - 1] == slash)
            guard starts, end <= text.count, text[index..<end].elementsEqual(place) else {
                result.append(text[index])
                index += 1
                continue
            }
            let goesOn = end < text.count && text[end] == slash
            if goesOn || (place[0] == slash && !continuesName(text, end)) {
                if !goesOn { result.append(slash) }
            } else {
                result += text[index..<end]
            }
            index = end
        }
        return result
    }

    /// A point at the end of a sentence is no part of a name.
    private static func continuesName(_ text: [UInt8], _ index: Int) -> Bool {
        guard text.indices.contains(index) else { return false }
        if text[index] == UInt8(ascii: ".") { return index + 1 < text.count && text[index + 1].continuesWord }
        return text[index].continuesWord || Array("-~+@".utf8).contains(text[index])
    }
}
