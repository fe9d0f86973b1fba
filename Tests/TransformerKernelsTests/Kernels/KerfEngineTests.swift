import CKernels
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    /// What the products of ``KerfEngine`` promise beyond those of other engines.
    @Suite struct KerfEngines {
        /// The blocks of a weight hold 256 outputs, a part of a sum 256 elements, and a thread 256 rows at a time.
        private static let shapes = [(rows: 300, output: 70, input: 1030), (rows: 40, output: 1100, input: 33)]

        private func run(
            _ shape: ProductShape, rows: Int? = nil, threads: Int = 1,
            with set: KerfEngine.InstructionSet = KerfEngine.instructionSets[0]
        ) throws -> [UInt32] {
            var shape = shape
            let source = randomValues(shape.rows * shape.sourceWidth, seed: 1)
            shape.rows = rows ?? shape.rows
            let product = try KerfEngine(threadCount: threads, instructionSet: set).product(shape)
            let packed = try #require(AlignedBuffer(count: product.weightByteCount / 4 + 1))
            let scratch = try #require(AlignedBuffer(count: product.scratchByteCount / 4 + 1))
            try product.pack(randomValues(shape.outputSize * shape.inputSize, seed: 2), into: packed.raw)
            let x =
                shape.source == .bf16
                ? source.map(BF16.bits).withUnsafeBytes { Array($0) }
                : source.withUnsafeBytes { Array($0) }
            var y = [Float](repeating: .nan, count: shape.rows * shape.destinationWidth)
            try product.run(x, weight: packed.raw, addedTo: nil, into: &y, scratch: scratch.raw)
            return y.map(\.bitPattern)
        }

        private static let products = NumberFormat.allCases.flatMap { format in
            Direction.allCases.map { (format: format, direction: $0) }
        }

        @Test(arguments: KerfEngine.instructionSets, products)
        func bitsDependNeitherOnThreadsNorOnOtherRows(
            set: KerfEngine.InstructionSet, product: (format: NumberFormat, direction: Direction)
        ) throws {
            let (format, direction) = product
            for (rows, output, input) in Self.shapes {
                let shape = ProductShape(
                    rows: rows, outputSize: output, inputSize: input, direction: direction, source: format,
                    destination: .f32, layout: .panels)
                let whole = try run(shape, with: set)
                for threads in [2, 3, 7] { #expect(try run(shape, threads: threads, with: set) == whole) }
                for fewer in [1, 15, 33] {
                    let part = try run(shape, rows: fewer, threads: 2, with: set)
                    #expect(part == Array(whole.prefix(fewer * shape.destinationWidth)))
                }
            }
        }

        @Test(arguments: KerfEngine.instructionSets.dropFirst(), Direction.allCases)
        func allInstructionSetsGiveTheSameSums(set: KerfEngine.InstructionSet, direction: Direction) throws {
            for (rows, output, input) in Self.shapes {
                for format in NumberFormat.allCases {
                    let shape = ProductShape(
                        rows: rows, outputSize: output, inputSize: input, direction: direction, source: format,
                        destination: .f32, layout: .panels)
                    let plain = try run(shape).map { Double(Float(bitPattern: $0)) }
                    let sums = try run(shape, threads: 2, with: set).map { Float(bitPattern: $0) }
                    expectClose(sums, plain, relative: 1e-5, "\(shape)")
                }
            }
        }

        @Test(arguments: NumberFormat.allCases)
        func rowsAreReadFromPanels(format: NumberFormat) throws {
            let (vocabulary, width) = (1030, 70)
            let values = randomValues(vocabulary * width, seed: 3)
            let weight = kerf_weight_format(nil, else: format)
            let packed = try #require(
                AlignedBuffer(count: kerf_frozen_weight_bytes(vocabulary, width, weight) / 4))
            // In parts that end within a block and at one's end.
            for rows in [0..<300, 300..<512, 512..<1030] {
                let part = Array(values[rows.lowerBound * width..<rows.upperBound * width])
                kerf_frozen_pack(2, vocabulary, width, weight, rows.lowerBound, rows.count, part, packed.raw)
            }
            let tokens: [Int32] = [0, 511, 512, 1023, 1024, 1029, 7]
            var rows = [Float](repeating: .nan, count: tokens.count * width)
            kerf_frozen_gather(2, tokens.count, vocabulary, width, weight, packed.raw, tokens, &rows)
            let round = format == .bf16 ? BF16.rounded : { $0 }
            #expect(rows == tokens.flatMap { token in (0..<width).map { round(values[Int(token) * width + $0]) } })
        }

        @Test(arguments: KerfEngine.instructionSets)
        func multipliersHaveARate(set: KerfEngine.InstructionSet) {
            let one = set.flopsPerSecond(pairs: false, threadCount: 1, seconds: 0)
            #expect(one > 0 && one.isFinite)
            #expect(set.flopsPerSecond(pairs: false, threadCount: 2, seconds: 0) > 0)
            #expect((set.flopsPerSecond(pairs: true, threadCount: 1, seconds: 0) > 0) == set.hasPairs)
            #expect(set.flopsPerSecond(pairs: false, threadCount: 0, seconds: 0) == 0)
        }
    }
}
