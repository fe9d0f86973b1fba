import Foundation
import SystemIO
import Testing

@testable import SplitTraining

@Suite("Two sides on one box") struct SharedBoxTests {
    /// See proc_net_if_inet6(5): empty or absent without IPv6.
    private static var hasIPv6: Bool {
        (try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8))?.contains("lo") == true
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.9.9.9", true), ("localhost", true), ("::1", true), ("192.0.2.1", false),
        ("2001:db8::1", false), ("", false),
    ])
    func aBoxKnowsItsOwnAddresses(host: String, isOwn: Bool) throws {
        // A box without IPv6 has no ::1.
        guard host != "::1" || Self.hasIPv6 else { return }
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
