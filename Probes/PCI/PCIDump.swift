import SystemIO
import SystemPackage

/// The devices in a text file made by `lspci -x`, `-xxx` or `-xxxx`: configuration space in hexadecimal.
///
/// Only tests read dumps: with lspci's output for the same devices they check the decoding of the live bus, for links that
/// the test machine need not have.
///
/// Source: lspci(8) and pcilib(7), access method `dump`. With `-x` alone the file has 64 bytes per device and so no
/// links.
package enum PCIDump {
    /// Far more than a full dump of a big server.
    static let maximumBytes: Int64 = 16 << 20

    /// The devices by address, and the errors of those that are malformed.
    ///
    /// - Throws: ``KerfError/Code/notFound`` without the file, ``KerfError/Code/invalidReading`` when it is too long or
    ///   holds no device, ``KerfError/Code/ioError`` when libpci cannot parse it.
    package static func survey(of file: FilePath, namesFile: FilePath? = nil) throws(KerfError) -> PCISurvey {
        guard SystemRoot().isRegularFile(file) else { throw KerfError(.notFound, "no such file", at: file) }
        guard try size(of: file) <= maximumBytes else {
            throw KerfError(.invalidReading, "too long for a dump by lspci (over \(maximumBytes) bytes)", at: file)
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
