import ModelFiles
import SystemIO
import TransformerKernels
import Workload

/// The smashed data of one micro-batch and its gradient as bytes for the wire.
struct BoundaryCodec: Sendable {
    /// From the device to the server.
    let activation: TensorCodec
    /// Back.
    let gradient: TensorCodec

    init(settings: TrainingSettings, hiddenSize: Int) {
        let rows = settings.microBatch.tokenCount
        activation = TensorCodec(format: settings.wire, rows: rows, columns: hiddenSize)
        gradient = TensorCodec(format: Self.gradientFormat(settings.wire), rows: rows, columns: hiddenSize)
    }

    /// An 8-bit gradient would lose the small values that training needs, so it is sent in bfloat16 then.
    static func gradientFormat(_ wire: WireFormat) -> WireFormat { wire == .int8 ? .bf16 : wire }
}

extension TensorCodec {
    func encode(_ values: UnsafeMutableBufferPointer<Float>) throws(KerfError) -> [UInt8] {
        var failure: KerfError?
        let bytes = [UInt8](unsafeUninitializedCapacity: encodedBytes) { buffer, count in
            count = encodedBytes
            do throws(KerfError) {
                try encode(
                    UnsafeBufferPointer(values),
                    into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: encodedBytes))
            } catch {
                failure = error
                count = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func decode(_ bytes: [UInt8], into values: UnsafeMutableBufferPointer<Float>) throws(KerfError) {
        var failure: KerfError?
        bytes.withUnsafeBytes { bytes in
            do throws(KerfError) { try decode(bytes, into: values) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
