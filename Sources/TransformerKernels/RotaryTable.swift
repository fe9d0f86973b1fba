import CKernels
import Glibc
import ModelFiles
import SystemIO

/// Cosines and sines of every position's angles, computed in double. Shape `[sequence, rotarySize / 2]` each.
///
/// Angle of position p and pair i: p f_i, with f_i = theta^(-2i / rotarySize) before scaling (Su et al., "RoFormer",
/// arXiv 2104.09864). Pair i is the elements i and i + rotarySize / 2, as Hugging Face's Llama has it. Where `rotarySize` is
/// less than a head, the elements behind it stay. LongRoPE multiplies both by a factor.
final class RotaryTable {
    let cosine: AlignedBuffer
    let sine: AlignedBuffer
    private let sequence: Int
    private let headSize: Int
    private let rotarySize: Int
    private let frequencies: [Double]
    private var amplitude = 1.0

    /// Allocates the table; ``fill()`` computes its contents.
    ///
    /// - Parameter rotarySize: elements of a head that are rotated; nil for all.
    init(
        _ rope: RotaryEmbedding, headSize: Int, rotarySize: Int? = nil, sequence: Int, memory: BufferAllocator
    ) throws {
        let rotarySize = rotarySize ?? headSize
        cosine = try memory.buffer(sequence, rotarySize / 2, for: "rotary table", zeroed: false)
        sine = try memory.buffer(sequence, rotarySize / 2, for: "rotary table", zeroed: false)
        frequencies = try Self.frequencies(rope, rotarySize: rotarySize, sequence: sequence)
        if case .longRope(let rope) = rope.scaling { amplitude = rope.attentionFactor }
        self.sequence = sequence
        self.headSize = headSize
        self.rotarySize = rotarySize
    }

    func fill() {
        let half = rotarySize / 2
        for position in 0..<sequence {
            for pair in 0..<half {
                let angle = Double(position) * frequencies[pair]
                cosine.elements[position * half + pair] = Float(amplitude * cos(angle))
                sine.elements[position * half + pair] = Float(amplitude * sin(angle))
            }
        }
    }

    /// Radians per position, for each pair.
    private static func frequencies(
        _ rope: RotaryEmbedding, rotarySize: Int, sequence: Int
    ) throws -> [Double] {
        let half = rotarySize / 2
        let plain = (0..<half).map { pow(rope.theta, -2 * Double($0) / Double(rotarySize)) }
        switch rope.scaling {
        case nil:
            return plain
        case .linear(let factor):
            return plain.map { $0 / factor }
        case .perFrequency(let divisors):
            return try divided(plain, by: divisors)
        case .longRope(let rope):
            return try divided(plain, by: rope.divisors(sequence: sequence))
        case .llama3(let factor, let low, let high, let original):
            // Long wavelengths are scaled, short ones stay, those between are interpolated.
            let context = Double(original)
            return plain.map { frequency in
                let wavelength = 2 * Double.pi / frequency
                if wavelength > context / low { return frequency / factor }
                if wavelength < context / high { return frequency }
                let blend = (context / wavelength - low) / (high - low)
                return (1 - blend) * frequency / factor + blend * frequency
            }
        }
    }

    private static func divided(_ plain: [Double], by divisors: [Float]) throws -> [Double] {
        guard divisors.count == plain.count, divisors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw KerfError(
                .impossibleShape,
                "\(divisors.count) rotary divisors for \(plain.count) frequencies, or one that is not positive")
        }
        return zip(plain, divisors).map { $0 / Double($1) }
    }

    /// Rotates `x`, `[tokens, heads * headSize]`, in place.
    func rotate(_ x: AlignedBuffer, tokens: Int, heads: Int, team: ThreadTeam) {
        kerf_rope(
            Int32(team.count), tokens, sequence, heads, headSize, rotarySize, cosine.start, sine.start, x.format.kernel,
            x.raw)
    }

    var byteCount: Int { cosine.byteCount + sine.byteCount }
}
