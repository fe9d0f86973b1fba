import Glibc
import SystemIO
import SystemPackage

/// The functions of NVIDIA's management library that Kerf calls. They are loaded at run time, since the library comes with
/// the GPU's driver.
///
/// Source: NVML API reference. Every function returns 0 for success; nvml.h maps the plain names to the `_v2` names.
final class NVMLLibrary: Sendable {
    typealias Device = OpaquePointer
    private typealias Plain = @convention(c) () -> Int32
    private typealias ErrorText = @convention(c) (Int32) -> UnsafePointer<CChar>?
    private typealias Count = @convention(c) (UnsafeMutablePointer<UInt32>) -> Int32
    private typealias Handle = @convention(c) (UInt32, UnsafeMutablePointer<Device?>) -> Int32
    private typealias Name = @convention(c) (Device, UnsafeMutablePointer<CChar>, UInt32) -> Int32
    private typealias Energy = @convention(c) (Device, UnsafeMutablePointer<UInt64>) -> Int32
    private typealias Power = @convention(c) (Device, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias Selected = @convention(c) (Device, Int32, UnsafeMutablePointer<UInt32>) -> Int32

    /// `NVML_ERROR_NOT_SUPPORTED`, `NVML_ERROR_NO_PERMISSION`, `NVML_ERROR_GPU_IS_LOST`.
    private enum Code {
        static let notSupported: Int32 = 3
        static let noPermission: Int32 = 4
        static let lost: Int32 = 15
    }

    let path: String
    // dlopen's handle; a number, since pointers are not Sendable. Used read-only.
    private let library: UInt
    private let symbols: [String: UInt]

    private static let needed = [
        "nvmlInit_v2", "nvmlShutdown", "nvmlErrorString", "nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2",
        "nvmlDeviceGetName", "nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetPowerUsage",
        "nvmlDeviceGetTemperature", "nvmlDeviceGetClockInfo",
    ]

    /// Loads and initializes the library.
    ///
    /// - Throws: ``KerfError/Code/notFound`` without the library or a driver.
    init(_ path: String) throws(KerfError) {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw KerfError(
                .notFound, "cannot load \(path): there is no NVIDIA driver",
                remedy: "if the box has an NVIDIA GPU, install its driver (it includes libnvidia-ml.so.1)")
        }
        var symbols: [String: UInt] = [:]
        for name in Self.needed {
            guard let symbol = dlsym(handle, name) else {
                dlclose(handle)
                throw KerfError(.invalidReading, "\(path) lacks \(name)", remedy: "install a newer NVIDIA driver")
            }
            symbols[name] = UInt(bitPattern: symbol)
        }
        self.path = path
        self.symbols = symbols
        library = UInt(bitPattern: handle)
        let start: Plain = function("nvmlInit_v2")
        let result = start()
        guard result == 0 else {
            let failure = error(result, "start")
            dlclose(handle)
            throw failure
        }
    }

    /// Shuts the library down.
    func end() {
        let stop: Plain = function("nvmlShutdown")
        _ = stop()
        dlclose(UnsafeMutableRawPointer(bitPattern: library)!)
    }

    private func function<Function>(_ name: String) -> Function {
        // Every name was found when the library was loaded; the type is that of the API reference.
        unsafeBitCast(UnsafeRawPointer(bitPattern: symbols[name]!)!, to: Function.self)
    }

    func count() throws(KerfError) -> Int {
        let call: Count = function("nvmlDeviceGetCount_v2")
        var count: UInt32 = 0
        try check(call(&count), "count GPUs")
        return Int(count)
    }

    func device(_ index: Int) throws(KerfError) -> Device {
        let call: Handle = function("nvmlDeviceGetHandleByIndex_v2")
        var device: Device?
        try check(call(UInt32(index), &device), "find GPU \(index)")
        guard let device else { throw KerfError(.invalidReading, "\(path): GPU \(index) has no handle") }
        return device
    }

    func name(of device: Device) throws(KerfError) -> String {
        let call: Name = function("nvmlDeviceGetName")
        var text = [CChar](repeating: 0, count: 96)
        try check(call(device, &text, UInt32(text.count)), "name a GPU")
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return PlainText.shown(String(decoding: bytes, as: UTF8.self), limit: 96)
    }

    /// Energy since the driver was loaded, in millijoules; Volta and later.
    func millijoules(of device: Device) throws(KerfError) -> UInt64 {
        let call: Energy = function("nvmlDeviceGetTotalEnergyConsumption")
        var value: UInt64 = 0
        try check(call(device, &value), "read energy")
        return value
    }

    func watts(of device: Device) throws(KerfError) -> Double {
        let call: Power = function("nvmlDeviceGetPowerUsage")
        var milliwatts: UInt32 = 0
        try check(call(device, &milliwatts), "read power")
        return Double(milliwatts) * 1e-3
    }

    func celsius(of device: Device) throws(KerfError) -> Double {
        let call: Selected = function("nvmlDeviceGetTemperature")
        var degrees: UInt32 = 0
        // NVML_TEMPERATURE_GPU
        try check(call(device, 0, &degrees), "read temperature")
        return Double(degrees)
    }

    /// The current frequency of the streaming multiprocessors, in hertz.
    func hertz(of device: Device) throws(KerfError) -> Double {
        let call: Selected = function("nvmlDeviceGetClockInfo")
        var megahertz: UInt32 = 0
        // NVML_CLOCK_SM
        try check(call(device, 1, &megahertz), "read the frequency")
        return Double(megahertz) * 1e6
    }

    private func check(_ result: Int32, _ what: String) throws(KerfError) {
        if result != 0 { throw error(result, what) }
    }

    private func error(_ result: Int32, _ what: String) -> KerfError {
        let call: ErrorText = function("nvmlErrorString")
        let text = call(result).map { String(cString: $0) } ?? "error \(result)"
        let code: KerfError.Code =
            switch result {
            case Code.noPermission: .permissionDenied
            case Code.notSupported, Code.lost: .notFound
            default: .ioError
            }
        return KerfError(code, "NVML cannot \(what): \(PlainText.shown(text, limit: 120))", at: FilePath(path))
    }
}
