import ProfileFormat

/// What of a workload may differ between the profiles of one calibration.
public struct WorkloadPoint: Codable, Sendable, Hashable {
    public var batch: Int
    /// Tokens in a sequence.
    public var sequence: Int
    public var loraRank: Int

    public init(batch: Int, sequence: Int, loraRank: Int) {
        self.batch = batch
        self.sequence = sequence
        self.loraRank = loraRank
    }

    init(_ workload: WorkloadDescription) {
        self.init(batch: workload.batch, sequence: workload.sequence, loraRank: workload.loraRank)
    }

    /// Tokens of the whole batch.
    var tokens: Double { Double(batch) * Double(sequence) }

    subscript(axis: WorkloadAxis) -> Int {
        get { self[keyPath: axis.field] }
        set { self[keyPath: axis.field] = newValue }
    }
}

extension WorkloadPoint: CustomStringConvertible, Comparable {
    /// `batch 1, sequence 256, rank 8`
    public var description: String { WorkloadAxis.allCases.map { "\($0) \(self[$0])" }.joined(separator: ", ") }

    public static func < (left: WorkloadPoint, right: WorkloadPoint) -> Bool {
        (left.batch, left.sequence, left.loraRank) < (right.batch, right.sequence, right.loraRank)
    }
}

/// One of the numbers that make a workload.
enum WorkloadAxis: CaseIterable, CustomStringConvertible {
    case batch, sequence, rank

    fileprivate var field: WritableKeyPath<WorkloadPoint, Int> {
        switch self {
        case .batch: \.batch
        case .sequence: \.sequence
        case .rank: \.loraRank
        }
    }

    var description: String {
        switch self {
        case .batch: "batch"
        case .sequence: "sequence"
        case .rank: "rank"
        }
    }
}

/// The workload that a calibration is to be of. What is not given is that of the profiles, which must have one value then.
public struct WorkloadChoice: Sendable, Hashable {
    public var batch: Int?
    public var sequence: Int?
    public var loraRank: Int?

    public init(batch: Int? = nil, sequence: Int? = nil, loraRank: Int? = nil) {
        self.batch = batch
        self.sequence = sequence
        self.loraRank = loraRank
    }

    subscript(axis: WorkloadAxis) -> Int? {
        switch axis {
        case .batch: batch
        case .sequence: sequence
        case .rank: loraRank
        }
    }
}
