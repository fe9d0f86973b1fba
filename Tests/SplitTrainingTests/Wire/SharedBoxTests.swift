import SystemIO
import Testing

@testable import SplitTraining

@Suite("Two sides on one box") struct SharedBoxTests {
    @Test(arguments: [
        ("127.0.0.1", true), ("127.9.9.9", false), ("localhost", true), ("::1", true), ("192.0.2.1", false),
        ("2001:db8::1", false), ("no-such-host.invalid", false), ("", false),
    ])
    func aBoxKnowsItsOwnAddresses(host: String, isOwn: Bool) throws {
        // A box without IPv6 has no ::1.
        guard host != "::1" || LocalAddresses.contains("::1") else { return }
        #expect(LocalAddresses.contains(host) == isOwn, "\(host)")
    }

    @Test(arguments: [
        ("ipv4:127.0.0.1:50123", true), ("ipv4:192.0.2.7:50123", false), ("ipv6:[::ffff:127.0.0.1]:50123", true),
        ("ipv6:[2001:db8::7]:50123", false), ("unix:/tmp/socket", false), ("", false),
    ])
    func aServerKnowsWhereADeviceRuns(address: String, isHere: Bool) {
        #expect(WirePeer(name: "a", address: address, method: .exchange).isOnThisBox == isHere)
    }
}
