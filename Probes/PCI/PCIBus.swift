import CPCI
import SystemIO
import SystemPackage

/// An open libpci access, closed at the end of its lifetime.
struct PCIBus: ~Copyable {
    private let bus: OpaquePointer

    /// The source that libpci reads devices from.
    enum Source {
        /// A directory used as `/sys/bus/pci`.
        case sysfs(FilePath)
        /// A text file made by `lspci -x`, `-xxx` or `-xxxx`.
        case dump(FilePath)
    }

    init(_ source: Source, names: FilePath?) throws(KerfError) {
        var message = [CChar](repeating: 0, count: Int(KERF_PCI_MESSAGE_BYTES))
        let opened: OpaquePointer?
        let place: FilePath
        switch source {
        case .sysfs(let path):
            place = path
            opened = kerf_pci_open(path.string, nil, names?.string, &message)
        case .dump(let path):
            place = path
            opened = kerf_pci_open(nil, path.string, names?.string, &message)
        }
        guard let opened else { throw KerfError(.ioError, "libpci: \(Self.text(message))", at: place) }
        bus = opened
    }

    deinit { kerf_pci_close(bus) }

    /// The devices of a dump, in order.
    func addresses() -> [PCIAddress] {
        let count = kerf_pci_dump_addresses(bus, nil, 0)
        var addresses = [kerf_pci_address](repeating: kerf_pci_address(), count: count)
        _ = kerf_pci_dump_addresses(bus, &addresses, count)
        return addresses.map { PCIAddress($0) }.sorted()
    }

    /// - Parameter configuration: the device's configuration space, where libpci cannot open its files itself.
    func read(_ address: PCIAddress, configuration: [UInt8]? = nil, path: FilePath) throws(KerfError) -> PCIDevice {
        var message = [CChar](repeating: 0, count: Int(KERF_PCI_MESSAGE_BYTES))
        var record = kerf_pci_record()
        let done =
            if let configuration {
                configuration.withUnsafeBufferPointer {
                    kerf_pci_read(bus, address.record, $0.baseAddress, $0.count, &record, &message)
                }
            } else {
                kerf_pci_read(bus, address.record, nil, 0, &record, &message)
            }
        guard done else { throw KerfError(.ioError, "libpci: \(Self.text(message))", at: path) }
        // A slot without a device reads as all ones; no vendor has the id 0.
        guard record.vendor_id != 0, record.vendor_id != 0xFFFF else {
            throw KerfError(
                .implausibleReading, "vendor id is \(hexadecimal(record.vendor_id)), which no vendor has", at: path)
        }
        return PCIDevice(
            address: address.text, vendorID: record.vendor_id, deviceID: record.device_id,
            classCode: record.class_code, vendorName: name(KERF_PCI_VENDOR_NAME, of: record),
            deviceName: name(KERF_PCI_DEVICE_NAME, of: record), className: name(KERF_PCI_CLASS_NAME, of: record),
            link: record.has_link
                ? PCILink(capabilities: record.link_capabilities, status: record.link_status) : nil)
    }

    private func name(_ kind: kerf_pci_name_kind, of record: kerf_pci_record) -> String? {
        var record = record
        var buffer = [CChar](repeating: 0, count: Int(KERF_PCI_NAME_BYTES))
        guard kerf_pci_name(bus, kind, &record, &buffer) != nil else { return nil }
        return Self.text(buffer)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
