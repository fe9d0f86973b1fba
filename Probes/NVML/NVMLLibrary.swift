import Glibc
import ProbeKit
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
    private typealias Text = @convention(c) (Device, UnsafeMutablePointer<CChar>, UInt32) -> Int32
    private typealias Energy = @convention(c) (Device, UnsafeMutablePointer<UInt64>) -> Int32
    private typealias Power = @convention(c) (Device, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias Selected = @convention(c) (Device, Int32, UnsafeMutablePointer<UInt32>) -> Int32

    /// Results (`nvmlReturn_t`) that say that something is missing or not permitted. Any other failure is one of a GPU or a
    /// driver that is there: one that fell off its bus, timed out, or is of another version than the library.
    private enum ResultCode {
        static let notSupported: Int32 = 3
        static let noPermission: Int32 = 4
        static let notFound: Int32 = 6
        static let driverNotLoaded: Int32 = 9
        static let libraryNotFound: Int32 = 12
        /// `NVML_ERROR_OPERATING_SYSTEM`: the control group does not let this process have the GPU's device.
        static let blocked: Int32 = 17
    }

    let path: String
    // dlopen's handle; a number, since pointers are not Sendable. Used read-only.
    private let library: UInt
    private let symbols: [String: UInt]

    private static let needed = [
        "nvmlInit_v2", "nvmlShutdown", "nvmlErrorString", "nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2",
        "nvmlDeviceGetName", "nvmlDeviceGetUUID", "nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetPowerUsage",
        "nvmlDeviceGetTemperature", "nvmlDeviceGetClockInfo",
    ]

    /// Loads and initializes the library.
    ///
    /// - Throws: ``KerfError/Code/notFound`` without the library or a driver; the loader's reason for a library that is there.
    init(_ path: String) throws(KerfError) {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw Self.loadingFailure(of: path, dlerror().map { String(cString: $0) } ?? "")
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

    /// - Parameter reason: the loader's, which names the file that failed first: where that is another file, the library is
    ///   there and lacks a part.
    static func loadingFailure(of path: String, _ reason: String) -> KerfError {
        let isMissing = reason.hasPrefix("\(path): ") && reason.hasSuffix("No such file or directory")
        guard !isMissing, !reason.isEmpty else {
            return KerfError(
                .notFound, "cannot load \(path): there is no NVIDIA driver",
                remedy: "if the box has an NVIDIA GPU, install its driver (it includes libnvidia-ml.so.1)")
        }
        return KerfError(
            reason.hasSuffix("Permission denied") ? .permissionDenied : .ioError,
            "cannot load \(path): \(PlainText.shown(reason, limit: 200))", remedy: "install the NVIDIA driver again")
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
        PlainText.shown(try text("nvmlDeviceGetName", of: device, "name a GPU"), limit: Self.textBytes)
    }

    /// `GPU-` and a UUID, which no setting of the process changes.
    func uuid(of device: Device) throws(KerfError) -> String {
        try text("nvmlDeviceGetUUID", of: device, "identify a GPU")
    }

    /// Bytes of the longest text, with the zero at its end: `NVML_DEVICE_NAME_V2_BUFFER_SIZE`, `NVML_DEVICE_UUID_V2_BUFFER_SIZE`.
    private static let textBytes = 96

    private func text(_ name: String, of device: Device, _ what: String) throws(KerfError) -> String {
        let call: Text = function(name)
        var text = [CChar](repeating: 0, count: Self.textBytes)
        try check(call(device, &text, UInt32(text.count)), what)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Energy since the driver was loaded, in millijoules, few enough to be shown in microjoules; Volta and later.
    func millijoules(of device: Device) throws(KerfError) -> UInt64 {
        let call: Energy = function("nvmlDeviceGetTotalEnergyConsumption")
        var value: UInt64 = 0
        try check(call(device, &value), "read energy")
        guard value < UInt64.max / 1000 else {
            throw implausible("energy of \(value) mJ", "counter")
        }
        return value
    }

    func watts(of device: Device) throws(KerfError) -> Double {
        let call: Power = function("nvmlDeviceGetPowerUsage")
        var milliwatts: UInt32 = 0
        try check(call(device, &milliwatts), "read power")
        let watts = Double(milliwatts) * 1e-3
        guard watts <= EnergyCounter.maximumWatts else {
            throw implausible("power of \(watts) W", "GPU's")
        }
        return watts
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

    private func implausible(_ value: String, _ limit: String) -> KerfError {
        KerfError(
            .implausibleReading, "\(value) is not to be believed: it is beyond any \(limit)", at: FilePath(path))
    }

    private func error(_ result: Int32, _ what: String) -> KerfError {
        let call: ErrorText = function("nvmlErrorString")
        let text = call(result).map { String(cString: $0) } ?? "error \(result)"
        let (code, remedy): (KerfError.Code, Remedy?) =
            switch result {
            case ResultCode.noPermission, ResultCode.blocked:
                (.permissionDenied, "give this user, or the container, access to the GPU: /dev/nvidia*")
            case ResultCode.notSupported, ResultCode.notFound, ResultCode.driverNotLoaded, ResultCode.libraryNotFound:
                (.notFound, nil)
            default: (.ioError, nil)
            }
        return KerfError(
            code, "NVML cannot \(what): \(PlainText.shown(text, limit: 120))", at: FilePath(path), remedy: remedy)
    }
}
