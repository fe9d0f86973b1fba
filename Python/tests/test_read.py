"""`kerf.read`: the numbers of a calibration from its profile's samples, files of every version, bad files."""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from notebook import CORPUS, EXAMPLES, PROFILES, READABLE, ROOT, missing, reference

import kerf

WHY_SKIPPED = missing("pandas")
KERF = os.environ.get("KERF", "")
RSCRIPT = shutil.which("Rscript")
TOLERANCE = 1e-9
VALUES = ["time_seconds", "gross_energy_joules", "net_energy_joules"]


@unittest.skipIf(WHY_SKIPPED, WHY_SKIPPED)
class EstimateTests(unittest.TestCase):
    """Samples give the numbers that Kerf's own fits give, for profiles of every version."""

    def expect(self, found, calibrated: dict, what: str) -> int:
        """A calibrated number must be found again. Returns 1 for one that was compared."""
        value = calibrated.get("value")
        if value is None or calibrated["origin"] == "modelled" and value == 0:
            return 0
        self.assertIsNotNone(found, what)
        self.assertTrue(math.isclose(found, value, rel_tol=TOLERANCE, abs_tol=0), f"{what}: {found} is not {value}")
        return 1

    def test_profiles(self):
        self.assertEqual(len(PROFILES), 10)
        counts = {"time": 0, "energy": 0, "idle": 0}
        for path in PROFILES:
            profile, calibration = kerf.read(path), json.loads(reference(path).read_text())
            passes = profile.pass_means().set_index(["layer", "direction"])
            kernels = profile.kernel_means().set_index(["layer", "direction", "kernel"])["time_seconds"]
            for layer in calibration["layers"]:
                for direction in ("forward", "backward"):
                    key, found = (layer["description"]["index"], direction), layer[direction]
                    for value in VALUES if key in passes.index else []:
                        kind = "time" if value == "time_seconds" else "energy"
                        counts[kind] += self.expect(passes.loc[key, value], found[value], f"{path.name} {key} {value}")
                    for kernel, seconds in found["kernel_seconds"].items():
                        self.expect(kernels[(*key, kernel)], seconds, f"{path.name} {key} {kernel}")
            step = profile.step_mean()
            for value in [*VALUES, "gross_power_watts", "net_power_watts"]:
                self.expect(step[value], calibration["step"][value], f"{path.name} step {value}")
            counts["idle"] += self.expect(
                profile.idle_power_watts(), calibration["idle_power_watts"], f"{path.name} idle")
        self.assertGreater(min(counts.values()), 5, counts)

    def test_marked_samples_have_the_mean(self):
        """The way of a reader who knows pandas alone: the mean of what `used_by_fit` marks."""
        for path in PROFILES:
            profile, calibration = kerf.read(path), json.loads(reference(path).read_text())
            times = profile.layer_times
            means = times[times.used_by_fit].groupby(["layer", "direction"]).seconds.mean()
            for (layer, direction), seconds in means.items():
                fitted = calibration["layers"][layer][direction]["time_seconds"]
                self.expect(seconds, fitted, f"{path.name} {layer} {direction}")
            steps = profile.steps
            self.expect(steps[steps.used_by_fit].seconds.mean(), calibration["step"]["time_seconds"], path.name)
        self.assertLess(times.used_by_fit.sum(), len(times), "some steps are left out")

    def test_frequency_law(self):
        """T(f) = a + b / f of the whole step, fitted to the visits with weights of one over the square."""
        import numpy

        name = "7aaa799-sweep.json"
        visits = kerf.read(CORPUS / "profiles" / name).sweep_means()
        laws = kerf.read(CORPUS / "calibrations" / name).time_laws
        for group in [None, *visits.group.dropna().unique()]:
            of_group = visits[visits.group.isna() if group is None else visits.group == group]
            law = laws[(laws.group.isna() if group is None else laws.group == group) & laws.layer.isna()].iloc[0]
            seconds = of_group.step_seconds.to_numpy()
            rows = numpy.stack([1 / seconds, of_group.set_hertz.max() / of_group.hertz / seconds], axis=1)
            (fixed, cycles), *_ = numpy.linalg.lstsq(rows, numpy.ones(len(seconds)), rcond=None)
            self.assertTrue(math.isclose(fixed, law.fixed_seconds, rel_tol=TOLERANCE), group)
            self.assertTrue(
                math.isclose(cycles * of_group.set_hertz.max(), law.cycles_seconds_hertz, rel_tol=TOLERANCE), group)

    def test_too_few_windows_are_nan(self):
        profile = kerf.read(CORPUS / "profiles" / "7aaa799-plain.json")
        self.assertTrue(profile.pass_means().gross_energy_joules.isna().all())
        self.assertIsNone(profile.idle_power_watts())


@unittest.skipIf(WHY_SKIPPED, WHY_SKIPPED)
class FileTests(unittest.TestCase):
    def test_every_table_of_every_file(self):
        self.assertEqual(len(READABLE), 10 + 8 + 5 + 2 + 3)
        filled = set()
        for path in READABLE:
            file = kerf.read(path)
            for name in file.names:
                table = getattr(file, name)
                self.assertGreater(len(table.columns), 1)
                self.assertEqual(len(set(table.columns)), len(table.columns), name)
                if len(table):
                    filled.add((file.schema, name))
        for schema, name in [
            ("kerf.profile", "step_traces"), ("kerf.profile", "sweep_energy_windows"),
            ("kerf.calibration", "pooling_members"), ("kerf.calibration", "power_laws"), ("kerf.decision", "cuts"),
            ("kerf.simulation", "policies"),
        ]:
            self.assertIn((schema, name), filled)

    def test_old_names(self):
        gpu = kerf.read(CORPUS / "profiles" / "7aaa799-gpu.json").domains
        self.assertEqual(gpu[gpu.domain.str.startswith("gpu")].role.tolist(), ["external", "external"])
        self.assertEqual(len(kerf.read(CORPUS / "calibrations" / "7aaa799-gpu.json").external_power), 2)
        quantities = kerf.read(CORPUS / "profiles" / "7aaa799-board.json").quantities.quantity
        self.assertIn("roofline.flops_per_second", quantities.tolist())
        self.assertIn("checks.overhead_time_ratio", quantities.tolist())

    def test_traces_of_the_total(self):
        one = kerf.read(CORPUS / "profiles" / "a49cba0-one-domain.json")
        self.assertEqual(one.step_traces.domain.unique().tolist(), ["package-0"])
        several = kerf.read(CORPUS / "profiles" / "a49cba0-board.json")
        self.assertEqual(len(several.step_traces), 0)
        self.assertIn("one energy for several domains", several.rejections.reason.iloc[-1])

    def refuse(self, content: bytes, *words: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file.json"
            path.write_bytes(content)
            with self.assertRaises(kerf.KerfError) as caught:
                file = kerf.read(path)
                for name in file.names:
                    file.table(name)
        message = str(caught.exception)
        self.assertNotIn("\n", message)
        for word in ("file.json", *words):
            self.assertIn(word, message)

    def test_bad_files(self):
        self.refuse(b"", "not JSON")
        self.refuse(b"\xff\xfe{", "not JSON")
        self.refuse(b"[1, 2]", "no file with tables")
        self.refuse(b'{"schema": "kerf.doctor", "schema_version": 1}', "kerf.doctor")
        self.refuse(b'{"schema": "kerf.profile", "schema_version": 99}', "99", "1 to 3")
        self.refuse(b'{"schema": "kerf.profile", "schema_version": 1}', "damaged")
        self.refuse(b'{"schema": "kerf.profile", "schema_version": 3, "steps": [{}]}', "seconds", "damaged")
        with self.assertRaises(kerf.KerfError) as caught:
            kerf.read(ROOT / "no-such-file.json")
        self.assertIn("No such file", str(caught.exception))

    def test_unknown_table(self):
        file = kerf.read(EXAMPLES / "device.json")
        with self.assertRaises(AttributeError):
            file.steps
        with self.assertRaises(kerf.KerfError):
            file.table("steps")
        self.assertIn("passes", dir(file))
        self.assertIn("passes", repr(file))


class WithoutPandasTests(unittest.TestCase):
    def test_the_client_works_and_read_says_what_is_missing(self):
        program = "import sys; sys.modules['pandas'] = None; import kerf; print(kerf.layer); kerf.read(sys.argv[1])"
        result = subprocess.run(
            [sys.executable, "-c", program, EXAMPLES / "device.json"], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "Python")})
        self.assertEqual(result.returncode, 1)
        self.assertIn("class 'kerf._generic.layer'", result.stdout)
        self.assertIn("KerfError: kerf.read needs pandas", result.stderr)
        self.assertIn("kerf[notebook]", result.stderr)


@unittest.skipUnless(KERF, "the environment variable KERF names no kerf")
@unittest.skipIf(WHY_SKIPPED, WHY_SKIPPED)
class ExportTests(unittest.TestCase):
    """`kerf export` and `kerf.read` give the same tables, and the same files of every version."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def export(self, path: Path) -> Path:
        tables = self.folder / f"{path.parent.name}-{path.stem}"
        subprocess.run([KERF, "export", path, "--csv", tables], check=True, capture_output=True, text=True)
        return tables

    def read(self, path: Path):
        import pandas

        return pandas.read_csv(path, dtype=str, keep_default_na=False)

    def expect_equal(self, text: str, value, what: str) -> None:
        if value is None or isinstance(value, float) and math.isnan(value):
            self.assertEqual(text, "", what)
        elif isinstance(value, str):
            self.assertEqual(text, value, what)
        elif str(value) in ("True", "False"):
            self.assertEqual(text, str(value).upper(), what)
        else:
            self.assertEqual(float(text), value, what)

    def decisions(self) -> Path:
        """Decisions of two devices, which are one kind of box, and a server."""
        path, device, server = (self.folder / "decisions.json", EXAMPLES / "device.json", EXAMPLES / "server.json")
        twin = self.folder / "twin.json"
        twin.write_bytes(device.read_bytes())
        subprocess.run(
            [KERF, "decide", "--device", device, twin, "--server", server, "--link", "up=1gbit,down=1gbit,rtt=2ms",
             "--out", path], check=True, capture_output=True)
        return path

    def comparison(self) -> Path:
        path = self.folder / "comparison.json"
        subprocess.run(
            [KERF, "compare", EXAMPLES / "device.json", EXAMPLES / "server.json", "--out", path], check=True,
            capture_output=True)
        return path

    def test_tables_agree(self):
        for path in [*READABLE, self.decisions(), self.comparison()]:
            file, tables = kerf.read(path), self.export(path)
            names = {table.stem for table in tables.iterdir()}
            self.assertEqual(names, {*file.names, "fields", "columns"}, path)
            meanings = self.read(tables / "columns.csv")
            for name in file.names:
                frame, csv = file.table(name), self.read(tables / f"{name}.csv")
                self.assertEqual(list(csv.columns), list(frame.columns), f"{path.name} {name}")
                self.assertEqual(len(csv), len(frame), f"{path.name} {name}")
                self.assertEqual(meanings[meanings.file == f"{name}.csv"].column.tolist(), list(frame.columns))
                for column in frame.columns:
                    for place, (text, value) in enumerate(zip(csv[column], frame[column])):
                        self.expect_equal(text, value, f"{path.name} {name}.csv row {place} {column}")

    def test_means_of_the_csv(self):
        """With read_csv as it is: no option of pandas is needed for the calibration's numbers."""
        import pandas

        for path in PROFILES:
            tables, calibration = self.export(path), json.loads(reference(path).read_text())
            times = pandas.read_csv(tables / "layer_times.csv")
            means = times[times.used_by_fit].groupby(["layer", "direction"]).seconds.mean()
            for (layer, direction), seconds in means.items():
                value = calibration["layers"][layer][direction]["time_seconds"]["value"]
                self.assertTrue(math.isclose(seconds, value, rel_tol=TOLERANCE), f"{path.name} {layer} {direction}")
            steps = pandas.read_csv(tables / "steps.csv")
            seconds = steps[steps.used_by_fit].seconds.mean()
            value = calibration["step"]["time_seconds"]["value"]
            self.assertTrue(math.isclose(seconds, value, rel_tol=TOLERANCE), path.name)

    @unittest.skipUnless(RSCRIPT, "needs Rscript (Debian package r-base-core)")
    def test_r(self):
        for path in PROFILES:
            profile, calibration = self.export(path), self.export(reference(path))
            result = subprocess.run(
                [RSCRIPT, EXAMPLES / "read.R", profile, calibration], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertRegex(result.stdout, r"largest relative difference of \d+ times: \d")
            difference = float(result.stdout.split(": ")[-1])
            self.assertLess(difference, TOLERANCE, path.name)


if __name__ == "__main__":
    unittest.main()
