"""Times Kerf's decisions against vectorized NumPy on the same input, and checks that both decide alike.

NumPy is timed twice: over whole arrays, the obvious way; and in blocks that fit the cache, the fastest form of these
formulas in NumPy, which Kerf must beat too. NumPy evaluates every cut in both; Kerf skips the cuts that its formulas
prove cannot be the best, which at level A is most of them.

Usage: compare_numpy.py PATH-OF-card-bench
"""

import json
import subprocess
import sys
import tempfile
import time

import numpy as np

BLOCKS, STEPS, WEIGHT, TIE = 16, 10, 0.5, 1e-9
CUTS = np.arange(BLOCKS + 1)
LEFT = BLOCKS - CUTS
DEVICE = STEPS * 0.1 * CUTS
SERVER = STEPS * 0.02 * LEFT
JOULES = STEPS * 3.0 * LEFT
SMASHED = 4_194_304.0
ADAPTERS = 65_536.0 * CUTS
UP = 8 * (STEPS * np.where(CUTS == 0, 1_048_576.0, np.where(CUTS == BLOCKS, 0, SMASHED)) + ADAPTERS)
DOWN = 8 * (STEPS * np.where((CUTS == 0) | (CUTS == BLOCKS), 0, SMASHED) + ADAPTERS)


def rest(up, down, device=DEVICE):
    return [device[c] + up * UP[c] + down * DOWN[c] for c in CUTS]


def kappa(rests, fast, slow):
    """w over the span between the corners; over all cuts where the corners are out of order."""
    low, high = rests[0] + fast[0], rests[BLOCKS] + slow[BLOCKS]
    fine = high - low > 1e-12 * np.maximum(np.abs(low), np.abs(high))
    if not fine.all():
        ends = [rests[c] + t[c] for c in CUTS for t in (fast, slow)]
        low = np.where(fine, low, np.minimum.reduce(ends))
        high = np.where(fine, high, np.maximum.reduce(ends))
    return WEIGHT / (high - low)


def choose(costs, energies):
    """The least cost; of equals the least energy, then the lowest cut."""
    bound = np.minimum.reduce(costs) + TIE
    cut, energy = np.zeros_like(bound), np.full_like(bound, np.inf)
    for c in CUTS:
        better = (costs[c] <= bound) & (energies[c] < energy)
        energy = np.where(better, energies[c], energy)
        cut = np.where(better, c, cut)
    return cut


def level_a(up, down, device=DEVICE, low=0.3, high=1.05):
    rests = rest(up, down, device)
    k = kappa(rests, SERVER / high, SERVER / low)
    epsilon = (1 - WEIGHT) / (JOULES[0] * high * high)
    ratio = np.clip(np.cbrt(k * (SERVER[0] / (2 * epsilon * JOULES[0]))), low, high)
    inverse, square = 1 / ratio, ratio * ratio
    energies = [JOULES[c] * square for c in CUTS]
    return choose([k * (rests[c] + SERVER[c] * inverse) + epsilon * energies[c] for c in CUTS], energies)


def level_b(up, down):
    """The same with blocks that differ, so that no cut can be left out."""
    return level_a(up, down, DEVICE + STEPS * 0.01 * (CUTS % 3))


RATIOS = 0.25 + 0.05 * np.arange(1, 17)
TIME = 0.3 + 0.7 / RATIOS
POWER = 0.25 + 0.75 * RATIOS**2.4


def level_c(up, down):
    rests = rest(up, down)
    k = kappa(rests, SERVER * TIME[-1], SERVER * TIME[0])
    epsilon = (1 - WEIGHT) / (JOULES[0] * TIME[-1] * POWER[-1])
    costs, energies = [], []
    for c in CUTS:
        seconds, joules = SERVER[c] * TIME, JOULES[c] * TIME * POWER
        trial = k[:, None] * seconds + epsilon * joules
        # Of equal costs the least energy.
        tied = trial <= trial.min(axis=1)[:, None] + TIE
        step = np.where(tied, joules, np.inf).argmin(axis=1)
        energies.append(joules[step])
        costs.append(k * (rests[c] + seconds[step]) + epsilon * energies[c])
    return choose(costs, energies)


def timed(decide, up, down, sizes):
    """Decisions per second, the best over some sizes of block and repeats, and what was decided."""
    best, cuts = np.inf, None
    for size in sizes:
        for _ in range(5):
            start = time.perf_counter()
            cuts = np.concatenate([decide(up[i : i + size], down[i : i + size]) for i in range(0, len(up), size)])
            best = min(best, time.perf_counter() - start)
    return len(up) / best, cuts


def main():
    with tempfile.TemporaryDirectory() as folder:
        kerf = json.loads(subprocess.run([sys.argv[1], folder], check=True, capture_output=True, text=True).stdout)
        up, down = (np.fromfile(f"{folder}/{name}.f64") for name in ("up", "down"))
        failed = False
        for level, decide, wanted in (("A", level_a, 20e6), ("B", level_b, 20e6), ("C", level_c, 1e6)):
            speed, cuts = timed(decide, up, down, [len(up)])
            blocked, _ = timed(decide, up, down, (1024, 4096, 16384))
            ours, same = kerf[f"level_{level.lower()}_per_second"], np.fromfile(f"{folder}/{level}.f64")
            agree = np.mean(cuts == same)
            used = ", ".join(f"{int(c)}: {np.mean(same == c):.0%}" for c in np.unique(same))
            print(
                f"level {level}: kerf {ours / 1e6:.1f} M decisions/s on one core, NumPy {np.__version__} "
                f"{speed / 1e6:.2f} M, ratio {ours / speed:.1f} (in blocks {blocked / 1e6:.2f} M, "
                f"ratio {ours / blocked:.1f}); same cut in {agree:.4%} (cuts {used})"
            )
            # Level B shows the gain from skipping cuts; no ratio is required of it.
            failed |= agree < 0.9999 or ours < wanted or (level != "B" and ours / blocked < 8)
        if failed:
            sys.exit("bench-card: below the required speed (A 20 M, C 1 M, both 8 times the fastest NumPy), or decisions differ")


if __name__ == "__main__":
    main()
