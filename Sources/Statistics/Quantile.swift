extension RandomAccessCollection<Double> where Index == Int {
    /// The value below which a share of an ascending collection lies, interpolated linearly; NaN for an empty collection.
    package func quantile(_ share: Double) -> Double {
        guard let first, let last else { return .nan }
        let place = share * Double(count - 1)
        let below = Int(place.rounded(.down))
        guard below >= 0 else { return first }
        guard below + 1 < count else { return last }
        let low = self[startIndex + below]
        return low + (place - Double(below)) * (self[startIndex + below + 1] - low)
    }
}
