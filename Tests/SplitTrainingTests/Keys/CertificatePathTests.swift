import Foundation
import SwiftASN1
import SystemIO
import TestSupport
import Testing
import X509

@testable import SplitTraining

/// Paths with one or more faults, judged by Kerf, by OpenSSL and by the verifier of swift-certificates.
@Suite("Paths to a root")
struct CertificatePathTests {
    /// One thing that is right or wrong with a path. The first case of each list is right.
    struct Choices {
        var leaf = 0
        var intermediate = 0
        var root = 0
        var purpose = KeyPurpose.device

        static let leaves = [
            "right", "expired", "not yet valid", "for the other purpose", "any purpose stated by none", "both purposes",
            "no digital signature", "an authority", "tampered", "forged", "unknown critical extension", "no key usage",
        ]
        static let intermediates = [
            "none", "right", "expired", "no authority", "no certificate signing", "for the other purpose", "forged",
            "two of them", "two of them, one permitted", "missing", "name constraints",
        ]
        static let roots = ["right", "expired", "no authority", "another of the same name", "no constraints"]

        /// By the words alone, without looking at certificates.
        var isSound: Bool {
            [0, 4, 5, 11].contains(leaf) && [0, 1, 7].contains(intermediate) && root == 0
        }

        var description: String {
            "leaf: \(Self.leaves[leaf]); intermediate: \(Self.intermediates[intermediate]); "
                + "root: \(Self.roots[root]); \(purpose)"
        }
    }

    struct Built {
        var presented: [Certificate]
        var authorities: [Certificate]
    }

    static func build(_ choices: Choices) throws -> Built {
        let right = choices.purpose.usage
        let wrong: ExtendedKeyUsage.Usage = right == .clientAuth ? .serverAuth : .clientAuth
        var rootOptions = TestCertificate.Options.authority("root")
        switch Choices.roots[choices.root] {
        case "expired": rootOptions.until = -0.5
        case "no authority": rootOptions.constraints = .notCertificateAuthority
        case "no constraints": rootOptions.constraints = nil
        default: break
        }
        let root = try TestCertificate(rootOptions)
        var chain: [TestCertificate] = []
        var issuer = root
        let kind = Choices.intermediates[choices.intermediate]
        for index in 0..<(kind == "none" ? 0 : kind.hasPrefix("two") ? 2 : 1) {
            var options = TestCertificate.Options.authority("middle \(index)")
            switch kind {
            case "expired": options.until = -0.5
            case "no authority": options.constraints = .notCertificateAuthority
            case "no certificate signing": options.keyUsage = KeyUsage(digitalSignature: true)
            case "for the other purpose": options.usages = [wrong]
            case "forged": options.isForged = true
            case "two of them, one permitted": options.constraints = .isCertificateAuthority(maxPathLength: 0)
            case "name constraints":
                options.other = try Critical(NameConstraints(permittedDNSDomains: ["x"])).makeCertificateExtension()
            default: break
            }
            issuer = try TestCertificate(options, by: issuer)
            chain.insert(issuer, at: 0)
        }
        var options = TestCertificate.Options.device("leaf")
        options.alternatives = [.dnsName("y")]
        options.usages = [right]
        switch Choices.leaves[choices.leaf] {
        case "expired": options.until = -0.5
        case "not yet valid": options.from = 0.5
        case "for the other purpose": options.usages = [wrong]
        case "any purpose stated by none": options.usages = nil
        case "both purposes": options.usages = [wrong, right]
        case "no digital signature": options.keyUsage = KeyUsage(keyCertSign: true)
        case "an authority": options.constraints = .isCertificateAuthority(maxPathLength: nil)
        case "tampered": options.isTampered = true
        case "forged": options.isForged = true
        case "unknown critical extension":
            options.other = Certificate.Extension(oid: [1, 3, 6, 1, 4, 1, 99999, 1], critical: true, value: [5, 0])
        case "no key usage": options.keyUsage = nil
        default: break
        }
        let leaf = try TestCertificate(options, by: issuer)
        let trusted = Choices.roots[choices.root].hasPrefix("another") ? try TestCertificate(rootOptions) : root
        return Built(
            presented: [leaf.certificate] + (kind == "missing" ? [] : chain.map(\.certificate)),
            authorities: [trusted.certificate])
    }

    private func isAccepted(_ built: Built, _ purpose: KeyPurpose) -> Bool {
        do {
            _ = try CertificatePath(
                built.presented, authorities: built.authorities, purpose: purpose, at: .now, in: "peer")
            return true
        } catch {
            #expect(error.code == .untrustedCertificate || error.code == .expiredCertificate, "\(error)")
            return false
        }
    }

    /// Each choice with the others right, and some of the paths with two faults.
    static let all: [Choices] = {
        var all: [Choices] = []
        for leaf in Choices.leaves.indices {
            for middle in Choices.intermediates.indices {
                let isPair = leaf > 0 && middle > 1
                if !isPair || (leaf + 3 * middle) % 7 == 0 { all.append(Choices(leaf: leaf, intermediate: middle)) }
            }
            all.append(Choices(leaf: leaf, purpose: .server))
        }
        for middle in [1, 5, 7] { all.append(Choices(intermediate: middle, purpose: .server)) }
        for root in Choices.roots.indices.dropFirst() {
            for middle in [0, 1] { all.append(Choices(intermediate: middle, root: root)) }
        }
        return all
    }()

    @Test("a path is accepted if and only if nothing is wrong with it, and then OpenSSL agrees", .requires(.openssl))
    func agreement() async throws {
        var accepted = 0
        for choices in Self.all {
            let built = try Self.build(choices)
            let isAccepted = isAccepted(built, choices.purpose)
            #expect(isAccepted == choices.isSound, "\(choices.description)")
            // OpenSSL permits more: an authority as a leaf, key usage that TLS 1.3 does not need, name constraints, and a
            // root whose key usage alone says that it is one.
            let others: [Bool] = [
                try isVerifiedByOpenSSL(built, choices.purpose), await isVerifiedByLibrary(built, choices.purpose),
            ]
            if isAccepted { #expect(others == [true, true], "\(choices.description)") }
            let isStricter = [6, 7].contains(choices.leaf) || choices.intermediate == 10 || choices.root == 4
            if !isAccepted && !isStricter { #expect(!others[0], "\(choices.description)") }
            accepted += isAccepted ? 1 : 0
        }
        #expect(accepted > 10)
    }

    private func isVerifiedByOpenSSL(_ built: Built, _ purpose: KeyPurpose) throws -> Bool {
        let tree = try FixtureTree()
        try tree.write("leaf.pem", bytes: try [built.presented[0]].pemBytes())
        try tree.write("root.pem", bytes: try built.authorities.pemBytes())
        var arguments = ["verify", "-purpose", purpose == .server ? "sslserver" : "sslclient", "-CAfile", "root.pem"]
        if built.presented.count > 1 {
            try tree.write("middle.pem", bytes: try Array(built.presented.dropFirst()).pemBytes())
            arguments += ["-untrusted", "middle.pem"]
        }
        return try OpenSSL.run(arguments + ["leaf.pem"], in: tree).status == 0
    }

    private func isVerifiedByLibrary(_ built: Built, _ purpose: KeyPurpose) async -> Bool {
        var verifier = Verifier(rootCertificates: CertificateStore(built.authorities)) { RFC5280Policy() }
        let result = await verifier.validate(
            leaf: built.presented[0], intermediates: CertificateStore(built.presented.dropFirst()))
        if case .validCertificate = result { return true }
        return false
    }

    @Test("a path of eight certificates is the longest, and one that leads in a circle ends")
    func length() throws {
        for count in [8, 9] {
            var chain = [try TestCertificate(.authority("root"))]
            for index in 2..<count { chain.append(try TestCertificate(.authority("m\(index)"), by: chain.last)) }
            chain.append(try TestCertificate(.device("leaf"), by: chain.last))
            let built = Built(
                presented: chain.dropFirst().reversed().map(\.certificate), authorities: [chain[0].certificate])
            #expect(isAccepted(built, .device) == (count == 8))
        }
        let own = try TestCertificate(.authority("own"))
        let leaf = try TestCertificate(.device("leaf"), by: own)
        let root = try TestCertificate(.authority("root"))
        #expect(
            !isAccepted(
                Built(presented: [leaf.certificate, own.certificate], authorities: [root.certificate]), .device))
        #expect(
            !isAccepted(
                Built(
                    presented: [leaf.certificate] + Array(repeating: own.certificate, count: 16),
                    authorities: [own.certificate]), .device))
        #expect(!isAccepted(Built(presented: [leaf.certificate], authorities: []), .device))
    }
}
