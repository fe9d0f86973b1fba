import ArgumentParser
import CARD
import Calibration
import Capture
import ModelFiles
import ProbeKit
import Profiling
import Statistics
import TransformerKernels
import VirtualBoard

/// A failure as the user sees it: one line and a number.
struct KerfFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }

    /// Every error that Kerf's rooms throw, with the number it stands for.
    init(_ error: any Error) {
        switch error {
        case let failure as KerfFailure: self = failure
        case let error as ModelFileError: self.init(ExitStatus(error.code), error.description)
        case let error as KerfFileError: self.init(ExitStatus(error.code), error.description)
        case let error as CARDError: self.init(ExitStatus(error.code), error.description)
        case let error as ProbeError: self.init(ExitStatus(error.code), error.description)
        case let error as KernelError: self.init(ExitStatus(error.code), error.description)
        case let error as CaptureError: self.init(ExitStatus(error.code), error.description)
        case let error as ProfilingError:
            self.init(error.code == .interrupted ? .interrupted : .unavailable, error.description)
        default: self.init(.failure, "\(error)")
        }
    }

    /// Runs a command's work; a failure becomes `kerf: error: …` on standard error and ends the program with its
    /// number.
    ///
    /// Results that could not be printed are a failure too: a full disk behind a redirection must not look like success.
    static func reporting(_ work: () throws -> Void) throws {
        do {
            try work()
            guard StandardStreams.outputArrived() else {
                throw KerfFailure(.inputOutput, "standard output: cannot be written; nothing printed can be relied on")
            }
        } catch let exit as ExitCode {
            throw exit
        } catch {
            let failure = KerfFailure(error)
            StandardError.write("kerf: error: \(PlainText.shown(failure.description, limit: 2000))\n")
            throw ExitCode(failure.status.rawValue)
        }
    }
}

extension ExitStatus {
    init(_ code: ModelFileError.Code) {
        switch code {
        case .unreadable: self = .noInput
        case .forbidden: self = .noPermission
        case .failed: self = .inputOutput
        case .truncated, .malformed, .unsupported, .missingTensor, .impossibleShape: self = .badData
        }
    }

    init(_ code: KernelError.Code) {
        switch code {
        case .engine: self = .unavailable
        case .outOfMemory: self = .systemError
        case .impossibleShape, .badToken: self = .badData
        // Calls out of order, which no input brings about.
        case .noSuchLayer, .notReady: self = .failure
        }
    }

    init(_ code: ProbeError.Code) {
        switch code {
        case .forbidden: self = .noPermission
        case .vanished: self = .unavailable
        case .occupied: self = .cannotCreate
        default: self = .inputOutput
        }
    }
}

extension ExitStatus {
    init(_ code: KerfFileError.Code) {
        switch code {
        case .missing: self = .noInput
        case .forbidden: self = .noPermission
        case .unreadable, .unwritable: self = .inputOutput
        case .malformed, .wrongSchema, .unusable: self = .badData
        case .uncreatable: self = .cannotCreate
        }
    }
}

extension ExitStatus {
    init(_ code: CaptureError.Code) {
        switch code {
        case .malformed: self = .badData
        case .unavailable: self = .unavailable
        case .uncreatable: self = .cannotCreate
        }
    }
}

extension ExitStatus {
    init(_ code: CARDError.Code) {
        switch code {
        case .argument: self = .usage
        case .incompatible, .incomplete: self = .badData
        case .noEnergy, .infeasible: self = .unavailable
        }
    }
}
