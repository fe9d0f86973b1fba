import CFleet

/// Arrays of doubles for a block of devices, allocated once and used for every round by one thread.
final class Lanes {
    static let capacity = 1024

    let first: UInt64
    let count: Int
    private let storage: UnsafeMutablePointer<Double>

    /// Named columns of the storage.
    enum Column: Int, CaseIterable {
        case ones, uplinkMean, downlinkMean, u, v, gain, state, up, down, wait, delay, energy, cut, ratio, randomCut
    }

    /// - Parameters:
    ///   - first: the first device's number in the whole fleet.
    ///   - count: at most ``capacity``.
    init(first: Int, count: Int) {
        self.first = UInt64(first)
        self.count = count
        storage = .allocate(capacity: Column.allCases.count * Self.capacity)
        storage.initialize(repeating: 1, count: Column.allCases.count * Self.capacity)
        self[.wait].update(repeating: 0, count: Self.capacity)
    }

    deinit { storage.deallocate() }

    subscript(_ column: Column) -> UnsafeMutablePointer<Double> { storage + column.rawValue * Self.capacity }

    func uniform(_ column: Column, _ key: UInt64) { kerf_fleet_uniform(key, first, count, self[column]) }

    /// Adds each lane's wait for its link to its delay. It is the same for every cut, so that it changes no decision.
    func addWaits() {
        for lane in 0..<count { self[.delay][lane] += self[.wait][lane] }
    }

    var kernel: kerf_lanes {
        kerf_lanes(scale: UnsafePointer(self[.ones]), up: UnsafePointer(self[.up]), down: UnsafePointer(self[.down]))
    }
}
