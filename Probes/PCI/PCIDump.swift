import SystemIO
import SystemPackage

/// The devices in a text file made by `lspci -x`, `-xxx` or `-xxxx`: configuration space in hexadecimal.
///
/// No command reads dumps. The tests do: dumps of real devices, with what lspci says of each, check the decoding that
/// the live bus goes through too, on links that the machine running them need not have.
///
/// Source: lspci(8) and pcilib(7), access method `dump`. With `-x` alone the file holds 64 bytes a device and so no
/// links.
package enum PCIDump {
    /// Far more than a full dump of a big server.
    static let mostBytes: Int64 = 16 << 20

    /// The devices by address, and those that make no sense.
    ///
    /// - Throws: ``KerfError/Code/notFound`` without the file, ``KerfError/Code/invalidReading`` when it is too long or
    ///   holds no device, ``KerfError/Code/ioError`` when libpci does not understand it.
    package static func survey(of file: FilePath, namesFile: FilePath? = nil) throws(KerfError) -> PCISurvey {
        guard SystemRoot().isRegularFile(file) else { throw KerfError(.notFound, "no such file", at: file) }
        guard try size(of: file) <= mostBytes else {
            throw KerfError(.invalidReading, "too long for a dump by lspci (over \(mostBytes) bytes)", at: file)
        }
        let bus = try PCIBus(.dump(file), names: namesFile)
        var survey = PCISurvey()
        for address in bus.addresses() {
            do throws(KerfError) {
                survey.devices.append(try bus.read(address, path: file))
            } catch {
                survey.failures.append(error)
            }
        }
        guard !survey.devices.isEmpty || !survey.failures.isEmpty else {
            throw KerfError(.invalidReading, "no device in it", at: file, remedy: "make it with `sudo lspci -xxx`")
        }
        return survey
    }

    private static func size(of file: FilePath) throws(KerfError) -> Int64 {
        do {
            let descriptor = try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
            return try descriptor.closeAfter { try descriptor.seek(offset: 0, from: .end) }
        } catch let errno as Errno {
            throw KerfError(errno, doing: "open", at: file)
        } catch {
            throw KerfError(.ioError, "cannot open: \(error)", at: file)
        }
    }
}
