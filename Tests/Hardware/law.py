"""The law of power that kerf_power follows, and what it makes the box draw."""

import dataclasses

STEPS_KHZ = (800_000, 1_200_000, 1_600_000, 2_000_000, 2_400_000, 2_800_000, 3_000_000)


@dataclasses.dataclass(frozen=True)
class Law:
    """Watts. A busy CPU draws busy (f / 3 GHz)^alpha; the rest is drawn by package, memory and platform."""

    idle: float = 5.0
    uncore: float = 1.0
    busy: float = 15.0
    alpha: float = 3.0
    dram: float = 1.0
    dram_busy: float = 2.0
    psys: float = 8.0

    @classmethod
    def parsed(cls, text):
        """From `busy=20,alpha=2.4`, or by the terms of P0 + k (f / 3 GHz)^alpha; what is not named keeps its default."""
        named = {name.strip().lower(): float(value) for name, value in (part.split("=") for part in text.split(","))}
        if "k" in named:
            named["busy"] = named.pop("k")
        static = named.pop("p0", None)
        law = cls(**named)
        if static is not None:
            law = dataclasses.replace(law, idle=law.idle + static - law.static_watts)
        if min(dataclasses.astuple(law)) < 0:
            raise ValueError(f"a negative power: {law}")
        return law

    def parameters(self):
        """What loading kerf_power is given."""
        def microwatts(watts):
            return round(watts * 1e6)
        steps = ",".join(str(microwatts(self.busy * (khz / STEPS_KHZ[-1]) ** self.alpha)) for khz in STEPS_KHZ)
        return {
            "busy_uw": steps, "idle_uw": microwatts(self.idle), "uncore_uw": microwatts(self.uncore),
            "dram_idle_uw": microwatts(self.dram), "dram_busy_uw": microwatts(self.dram_busy), "psys_uw": microwatts(self.psys),
        }

    @property
    def static_watts(self):
        """P0 of a package whose CPUs are busy, with its memory: what does not depend on the frequency."""
        return self.idle + self.uncore + self.dram + self.dram_busy

    @property
    def busy_watts(self):
        """A package of one CPU that is busy at the highest frequency, with its memory."""
        return self.static_watts + self.busy

    @property
    def idle_watts(self):
        """An idle package, with its memory."""
        return self.idle + self.uncore + self.dram

    def domain_watts(self):
        """By domain, as busy_watts."""
        package = self.idle + self.uncore + self.busy
        memory = self.dram + self.dram_busy
        return {
            "package-0": package, "package-0/core": self.busy, "package-0/uncore": self.uncore,
            "package-0/dram": memory, "psys": self.psys + package + memory,
        }
