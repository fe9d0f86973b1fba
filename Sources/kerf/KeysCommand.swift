import ArgumentParser
import CommandSupport
import SplitTraining
import SystemIO

/// `kerf keys`: keys by which a server and its devices know each other.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make and revoke the keys by which a server and its devices know each other.",
        discussion: """
            `init` makes an authority and a server's keys in a folder, `device` the keys of a device in a folder of \
            its name there. Copy that folder alone to the device. The server needs DIR/server and DIR/revoked.txt; \
            DIR/ca-key.pem makes new keys: keep it where only you can read it.

            EXAMPLE
              kerf keys init --out keys --host edge.example.com
              kerf keys device pi-4 --keys keys
              kerf keys show --keys keys
            """,
        subcommands: [Init.self, Device.self, Revoke.self, Show.self])

    /// Prints records as a table, or as JSON. What expires soon is told on standard error.
    static func report(_ records: [KeyRecord], json: Bool) throws {
        if json { print(try KerfJSON.text(of: records)) } else { records.forEach { print($0.line) } }
        for record in records where record.expiresSoon {
            let when = record.state == .expired ? "have expired" : "expire in \(record.daysLeft ?? 0) days"
            StandardError.write("kerf: warning: the keys of \(record.name) \(when)\n")
        }
    }

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an authority and a server's keys.",
            discussion: """
                The server's certificate holds localhost, 127.0.0.1, ::1 and the names given by --host.

                EXAMPLE
                  kerf keys init --out keys --host edge.example.com --host 192.0.2.7
                """)

        @Option(help: ArgumentHelp("Folder to make; one that exists must be empty.", valueName: "dir"))
        var out: String

        @Option(help: ArgumentHelp("Days that the authority and the server's keys last.", valueName: "number"))
        var days = KeyFolder.authorityDays

        @Option(help: ArgumentHelp("Name or address by which devices reach the server.", valueName: "host"))
        var host: [String] = []

        @Flag(help: "Print the keys as JSON.")
        var json = false

        func run() throws {
            try ErrorReport.reporting {
                let hosts = try host.map { try HostName($0) }
                try KeysCommand.report(try KeyFolder.create(at: out, hosts: hosts, days: days), json: json)
            }
        }
    }

    struct Device: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a device's keys.",
            discussion: """
                The keys last no longer than the authority's. Copy the folder DIR/NAME to the device.

                EXAMPLE
                  kerf keys device pi-4 --keys keys
                """)

        @Argument(help: "Name of the device: 1 to 63 of a-z, 0-9 and hyphens.")
        var name: String

        @OptionGroup var folder: KeysOptions

        @Option(help: ArgumentHelp("Days that the keys last.", valueName: "number"))
        var days = KeyFolder.deviceDays

        func run() throws {
            try ErrorReport.reporting {
                let record = try KeyFolder(folder.keys).addDevice(try DeviceName(name), days: days)
                try KeysCommand.report([record], json: folder.json)
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke all keys that a device got.",
            discussion: """
                Adds their serial numbers to DIR/revoked.txt, which the server reads for each exchange. Copy the list \
                to the server if it is another box.

                EXAMPLE
                  kerf keys revoke pi-4 --keys keys
                """)

        @Argument(help: "Name of the device.")
        var name: String

        @OptionGroup var folder: KeysOptions

        func run() throws {
            try ErrorReport.reporting {
                let serials = try KeyFolder(folder.keys).revoke(try DeviceName(name))
                if folder.json { return print(try KerfJSON.text(of: ["revoked": serials])) }
                if serials.isEmpty { print("\(name): revoked before") }
                for serial in serials { print("\(name): revoked \(serial)") }
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List keys with fingerprint and expiry.",
            discussion: """
                Warns of keys that expire within 30 days.

                EXAMPLE
                  kerf keys show --keys keys
                """)

        @OptionGroup var folder: KeysOptions

        func run() throws {
            try ErrorReport.reporting {
                try KeysCommand.report(try KeyFolder(folder.keys).records(), json: folder.json)
            }
        }
    }
}

/// Options of the commands that work on a folder of keys.
struct KeysOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder made by kerf keys init.", valueName: "dir"))
    var keys: String

    @Flag(help: "Print the result as JSON.")
    var json = false
}
