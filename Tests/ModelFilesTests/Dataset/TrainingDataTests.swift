import SystemIO
import SystemPackage
import Testing

@testable import ModelFiles

@Suite("Batches of training data")
struct TrainingDataTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// The ids 0, 1, 2 and so on, so that a sequence shows where it is from.
    private func counting(_ count: Int) throws -> Dataset {
        let text = (0..<count).map(String.init).joined(separator: " ")
        return try Dataset(path: scratch.write("count.ids", text).string, tokenizer: nil)
    }

    /// First input of each sequence.
    private func starts(_ batch: TokenBatch) -> [Int32] {
        stride(from: 0, to: batch.inputs.count, by: batch.length).map { batch.inputs[$0] }
    }

    @Test("Targets are the tokens after the inputs; windows start where the one before ends")
    func windows() throws {
        // 3 windows of 5 tokens at 0, 4 and 8; two tokens are left over.
        let data = try TrainingData(counting(15), batch: 3, length: 4, seed: 1)
        #expect(data.windowCount == 3)
        let batch = data.batch(step: 0)
        #expect(batch.inputs.count == 12)
        #expect(batch.targets == batch.inputs.map { $0 + 1 })
        #expect(starts(batch).sorted() == [0, 4, 8])
    }

    @Test(
        "Every window comes once an epoch, and batches go on from one epoch into the next",
        arguments: [1, 3, 7, 10, 25])
    func epochs(_ batch: Int) throws {
        let data = try TrainingData(counting(41), batch: batch, length: 4, seed: 5)
        #expect(data.windowCount == 10)
        var all: [Int32] = []
        for step in 0..<30 {
            let found = data.batch(step: step)
            #expect(found.batch == batch)
            #expect(found.inputs.count == batch * 4)
            all += starts(found)
        }
        let epochs = stride(from: 0, to: all.count - 9, by: 10).map { Array(all[$0..<$0 + 10]) }
        for epoch in epochs { #expect(epoch.sorted() == (0..<10).map { $0 * 4 }) }
        // Shuffled anew: 10! orders.
        #expect(Set(epochs).count == epochs.count)
    }

    @Test("The same seed and step give the same batch, another seed another order")
    func seeds() throws {
        let data = try counting(401)
        let one = try TrainingData(data, batch: 4, length: 4, seed: 1)
        let same = try TrainingData(data, batch: 4, length: 4, seed: 1)
        let other = try TrainingData(data, batch: 4, length: 4, seed: 2)
        #expect(same.batch(step: 99) == one.batch(step: 99))
        #expect((0..<25).map { one.batch(step: $0) } != (0..<25).map { other.batch(step: $0) })
    }

    /// A run that goes on with a later version of Kerf must see the same data.
    @Test("The order of a seed does not change")
    func order() throws {
        let data = try TrainingData(counting(9), batch: 8, length: 1, seed: 42)
        #expect(starts(data.batch(step: 0)) == Self.order(seed: 42, epoch: 0, count: 8))
        #expect(starts(data.batch(step: 3)) == Self.order(seed: 42, epoch: 3, count: 8))
    }

    /// Fisher and Yates with SplitMix64, both written anew.
    private static func order(seed: UInt64, epoch: UInt64, count: Int) -> [Int32] {
        func mixed(_ state: UInt64) -> UInt64 {
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
        let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15
        var state = mixed(seed &+ gamma) &+ epoch
        var order = Array(Int32(0)..<Int32(count))
        for last in (1..<count).reversed() {
            state = state &+ gamma
            let scaled = (UInt128(mixed(state)) * UInt128(last + 1)) >> 64
            order.swapAt(last, Int(scaled))
        }
        return order
    }

    @Test("A prompt's positions have no target; a window without any is left out")
    func prompts() throws {
        let tokenizer = try TokenizerCase.tokenizer("qwen2-gguf")
        let prompt = String(repeating: "?!", count: 40)
        let path = try scratch.write(
            "a.jsonl", #"{"prompt": "\#(prompt)", "completion": "yes"}"# + "\n" + #"{"text": "some text"}"#)
        let data = try Dataset(path: path.string, tokenizer: tokenizer)
        let validation = try ValidationData(data, length: 4)
        let windows = (data.tokenCount - 1) / 4
        #expect(validation.windowCount > 0 && validation.windowCount < windows)
        let batch = validation.batch(0, of: validation.windowCount)
        let kept = batch.targets.filter { $0 >= 0 }
        let expected = (1..<windows * 4 + 1).filter { data.targets[$0] }.map { data.tokens[$0] }
        #expect(kept == expected)
        #expect(batch.targets.contains(-1))
        for row in 0..<batch.batch { #expect(batch.targets[row * 4..<row * 4 + 4].contains { $0 >= 0 }) }
    }

    @Test("A validation set is in order, each window once")
    func validation() throws {
        let data = try ValidationData(counting(30), length: 4)
        #expect(data.windowCount == 7)
        #expect(data.batchCount(of: 3) == 3)
        #expect((0..<3).flatMap { starts(data.batch($0, of: 3)) } == (0..<7).map { $0 * 4 })
        #expect(data.batch(2, of: 3).batch == 1)
    }

    @Test("Too little data is refused with the count and what is needed")
    func little() throws {
        #expect(try TrainingData(counting(5), batch: 2, length: 4, seed: 0).windowCount == 1)
        let error = modelFileError { try TrainingData(counting(4), batch: 2, length: 4, seed: 0) }
        #expect(error?.message == "has 4 tokens, but sequences of 4 need at least 5")
        #expect(modelFileError { try ValidationData(counting(1), length: 1) }?.code == .unusableData)
    }
}
