/// One function of a PCI device.
package struct PCIDevice: Sendable, Codable, Hashable {
    /// Domain, bus, device and function: `0000:01:00.0`.
    package var address: String
    package var vendorID: UInt16
    package var deviceID: UInt16
    /// Base class in the high byte, subclass in the low one.
    package var classCode: UInt16
    /// Names from the pci.ids database; `nil` where it is not installed or lacks the id.
    package var vendorName: String?
    package var deviceName: String?
    package var className: String?
    /// The PCI Express link to the device; `nil` for conventional PCI, for parts of the root complex and for virtual
    /// devices, which have none.
    package var link: PCILink?

    package init(
        address: String, vendorID: UInt16, deviceID: UInt16, classCode: UInt16, vendorName: String? = nil,
        deviceName: String? = nil, className: String? = nil, link: PCILink? = nil
    ) {
        self.address = address
        self.vendorID = vendorID
        self.deviceID = deviceID
        self.classCode = classCode
        self.vendorName = vendorName
        self.deviceName = deviceName
        self.className = className
        self.link = link
    }

    /// Vendor and device id: `10de:2331`.
    package var identifier: String { hexadecimal(vendorID) + ":" + hexadecimal(deviceID) }

    /// The class name, or the class code without one: `Ethernet controller`, else `class 0200`.
    package var kind: String { className ?? "class " + hexadecimal(classCode) }

    /// Vendor and device names, or the ids without names: `Red Hat, Inc. Virtio 1.0 network device`, else `1af4:1041`.
    package var title: String {
        switch (vendorName, deviceName) {
        case (let vendor?, let device?): "\(vendor) \(device)"
        case (let vendor?, nil): "\(vendor) device \(hexadecimal(deviceID))"
        default: identifier
        }
    }

    /// Entry in a box's identity: `1af4:1041 Ethernet controller`.
    package var summary: String { "\(identifier) \(kind)" }
}

/// Four digits, as ids are written.
func hexadecimal(_ value: UInt16) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
}
