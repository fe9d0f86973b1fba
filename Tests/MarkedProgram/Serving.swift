import CKerfClient
import Glibc

/// Runs one step without Kerf, or what Kerf asks for.
///
/// - Returns: the program's exit status.
func serve(_ model: any ClientModel) -> Int32 {
    var client = kerf_client()
    switch kerf_open(&client) {
    case 0:
        do {
            for place in model.passes.indices { try model.run(place) }
        } catch {
            return report("\(error)")
        }
        print("one step")
        return 0
    case 1: break
    default: return report(message(of: client))
    }
    model.begin(&client)

    var callbacks = kerf_callbacks()
    callbacks.step = { client, user in
        attempt(client, user) { model in
            try model.beginStep()
            for place in model.passes.indices {
                kerf_mark(client, UInt32(place))
                try model.run(place)
            }
            try model.endStep(client)
        }
    }
    callbacks.prepare = { _, _, _ in 0 }
    callbacks.pass = { client, user, place in attempt(client, user) { try $0.run(Int(place)) } }
    let served = Served(model)
    let status = withExtendedLifetime(served) {
        kerf_serve(&client, model.hello, &callbacks, Unmanaged.passUnretained(served).toOpaque())
    }
    return status == 0 ? 0 : report(message(of: client))
}

/// What the C callbacks find the model by.
private final class Served {
    let model: any ClientModel

    init(_ model: any ClientModel) { self.model = model }
}

private func attempt(
    _ client: UnsafeMutablePointer<kerf_client>?, _ user: UnsafeMutableRawPointer?,
    _ body: (any ClientModel) throws -> Void
) -> Int32 {
    guard let user else { return kerf_fail(client, "no model") }
    do {
        try body(Unmanaged<Served>.fromOpaque(user).takeUnretainedValue().model)
        return 0
    } catch {
        return kerf_fail(client, "\(error)")
    }
}

private func message(of client: kerf_client) -> String {
    withUnsafeBytes(of: client.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// Writes a line to standard error.
///
/// - Returns: the exit status of a failure.
func report(_ text: String) -> Int32 {
    let line = "marked-program: \(text)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    return 1
}
