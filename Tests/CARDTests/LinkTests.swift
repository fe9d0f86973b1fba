import CARD
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Testing

@Suite("Link")
struct LinkTests {
    @Test("units and order")
    func parses() throws {
        #expect(
            try Link(parsing: "up=20mbit,down=80mbit,rtt=20ms")
                == Link(uplinkBitsPerSecond: 20e6, downlinkBitsPerSecond: 80e6, roundTripSeconds: 0.02))
        #expect(
            try Link(parsing: "rtt=500us,down=1.5gbit,up=64kbit")
                == Link(uplinkBitsPerSecond: 64e3, downlinkBitsPerSecond: 1.5e9, roundTripSeconds: 500 * 1e-6))
        #expect(try Link(parsing: "up=1200bit,down=1bit,rtt=2s").roundTripSeconds == 2)
        #expect(try Link(parsing: "up=1mbit,down=1mbit,rtt=0ms").roundTripSeconds == 0, "the paper's ideal link")
    }

    @Test("rates that were given are not told as measured")
    func declared() throws {
        let link = try Link(parsing: "up=20mbit,down=80mbit,rtt=20ms")
        #expect(link.origin == .modelled && link.source == nil)
    }

    @Test(
        "what is not a link is refused in one line with the remedy",
        arguments: [
            ("", "not one of"), ("up=20mbit", "down is missing"), ("up=20mbit,down=80mbit", "rtt is missing"),
            ("up=20mbit,down=80mbit,rtt=20ms,", "not one of"), ("up=20mbit,up=20mbit,down=1mbit,rtt=1ms", "twice"),
            ("up=20mbit,down=80mbit,rtt=20ms,loss=1", "\"loss=1\" is not one of"),
            ("up=0mbit,down=80mbit,rtt=20ms", "up must be more than 0"),
            ("up=20mbit,down=0.0gbit,rtt=20ms", "down must be more than 0"),
            ("up=-20mbit,down=80mbit,rtt=20ms", "plain positive number"),
            ("up=20mbit,down=80mbit,rtt=-20ms", "plain positive number"),
            ("up=nanmbit,down=80mbit,rtt=20ms", "plain positive number"),
            ("up=infmbit,down=80mbit,rtt=20ms", "plain positive number"),
            ("up=1e3mbit,down=80mbit,rtt=20ms", "no known unit"), ("up=20Mbit,down=80mbit,rtt=20ms", "no known unit"),
            ("up=20,down=80mbit,rtt=20ms", "bit, kbit, mbit, gbit"), ("up=20mbit,down=80mbit,rtt=20", "us, ms, s"),
            ("up=20ms,down=80mbit,rtt=20ms", "no known unit"), ("up=1.2.3mbit,down=8mbit,rtt=2ms", "plain positive"),
            ("up=.5mbit,down=80mbit,rtt=20ms", "plain positive"), ("up=5.mbit,down=80mbit,rtt=20ms", "plain positive"),
            ("up=0x10mbit,down=80mbit,rtt=20ms", "no known unit"), ("up =1mbit,down=80mbit,rtt=20ms", "not one of"),
            ("up=99999999999999999999gbit,down=80mbit,rtt=20ms", "at most 1e15"),
            ("up=1mbit,down=1mbit,rtt=9999s", "between 0 and 3600"), ("up=1mbit\n,down=1mbit,rtt=1s", "no known unit"),
        ])
    func refuses(text: String, expected: String) throws {
        let error = try #require(#expect(throws: KerfError.self) { try Link(parsing: text) })
        #expect(error.description.contains(expected), "\(error)")
        #expect(error.remedy == .text(Link.usage))
        #expect(!error.description.contains("\n"))
    }
}
