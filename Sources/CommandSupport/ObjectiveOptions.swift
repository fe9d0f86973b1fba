import ArgumentParser
import CARD

/// What a decision minimizes.
package struct ObjectiveOptions: ParsableArguments {
    package init() {}

    @Option(help: "Weight of delay, 0 to 1; the rest is the weight of the server's energy.")
    package var weight = Decider.defaultWeight

    @Option(help: "Server energy above its idle energy (net), for a server that is on anyway; or all of it (gross).")
    package var energy = EnergyAccount.net
}

extension EnergyAccount: ExpressibleByArgument {}
