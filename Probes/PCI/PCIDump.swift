public import ProbeKit
public import SystemPackage

/// The devices in a text file made by `lspci -x`, `-xxx` or `-xxxx`: configuration space in hexadecimal.
///
/// No command reads dumps. The tests do: dumps of real devices, with what lspci says of each, check the decoding that
/// the live bus goes through too, on links that the machine running them need not have.
///
/// Source: lspci(8) and pcilib(7), access method `dump`. With `-x` alone the file holds 64 bytes a device and so no
/// links.
public enum PCIDump {
    /// Far more than a full dump of a big server.
    static let mostBytes: Int64 = 16 << 20

    /// The devices by address, and those that make no sense.
    ///
    /// - Throws: ``ProbeError/Code/vanished`` without the file, ``ProbeError/Code/malformed`` when it is too long or
    ///   holds no device, ``ProbeError/Code/failed`` when libpci does not understand it.
    public static func survey(of file: FilePath, namesFile: FilePath? = nil) throws(ProbeError) -> PCISurvey {
        guard SystemRoot().isRegularFile(file) else { throw ProbeError(.vanished, "no such file", path: file) }
        guard try size(of: file) <= mostBytes else {
            throw ProbeError(.malformed, "too long for a dump by lspci (over \(mostBytes) bytes)", path: file)
        }
        let bus = try PCIBus(.dump(file), names: namesFile)
        var survey = PCISurvey()
        for address in bus.addresses() {
            do throws(ProbeError) {
                survey.devices.append(try bus.read(address, path: file))
            } catch {
                survey.failures.append(error)
            }
        }
        guard !survey.devices.isEmpty || !survey.failures.isEmpty else {
            throw ProbeError(.malformed, "no device in it", path: file, remedy: "make it with `sudo lspci -xxx`")
        }
        return survey
    }

    private static func size(of file: FilePath) throws(ProbeError) -> Int64 {
        do {
            let descriptor = try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
            return try descriptor.closeAfter { try descriptor.seek(offset: 0, from: .end) }
        } catch let errno as Errno {
            throw ProbeError(errno, doing: "open", path: file)
        } catch {
            throw ProbeError(.failed, "cannot open: \(error)", path: file)
        }
    }
}
