import CKernels
import Workload

extension NumberFormat {
    /// The format as the C kernels name it.
    var kernel: kerf_format { self == .bf16 ? KERF_BF16 : KERF_F32 }
}
