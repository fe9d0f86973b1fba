"""The notebook of the manual runs, its figures hold the files' data, and the pictures in the manual are its own.

With KERF_UPDATE_FIGURES=1 the pictures are written again.
"""

import hashlib
import json
import math
import os
import unittest
import warnings

from notebook import EXAMPLES, ROOT, missing

import kerf

WHY_SKIPPED = missing("pandas", "matplotlib")
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
FIGURES = ROOT / "docs" / "figures"
NAMES = ["samples", "energy", "roofline"]


def source_digest() -> str:
    """SHA-256 of what the figures are made from."""
    digest = hashlib.sha256()
    for path in [NOTEBOOK, EXAMPLES / "profile.json", EXAMPLES / "device.json"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


class FormatTests(unittest.TestCase):
    def test_format(self):
        notebook = json.loads(NOTEBOOK.read_text())
        self.assertEqual(notebook["nbformat"], 4)
        for cell in notebook["cells"]:
            self.assertIn(cell["cell_type"], ("markdown", "code"))
            if cell["cell_type"] == "code":
                self.assertEqual((cell["outputs"], cell["execution_count"]), ([], None), "outputs are not kept")


@unittest.skipIf(WHY_SKIPPED, WHY_SKIPPED)
class NotebookTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot

        cls.plt = matplotlib.pyplot
        # The same bytes each time, and text that a reader of the picture can select.
        matplotlib.rcParams.update({"svg.hashsalt": "kerf", "svg.fonttype": "none"})
        cls.names = {}
        folder = os.getcwd()
        os.chdir(NOTEBOOK.parent)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                for number, cell in enumerate(json.loads(NOTEBOOK.read_text())["cells"]):
                    if cell["cell_type"] == "code":
                        exec(compile("".join(cell["source"]), f"{NOTEBOOK.name} cell {number}", "exec"), cls.names)
        finally:
            os.chdir(folder)

    @classmethod
    def tearDownClass(cls):
        cls.plt.close("all")

    def axes(self, name: str):
        axes, = self.names[name].axes
        for text in (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()):
            self.assertNotEqual(text, "")
        return axes

    def test_all_figures(self):
        made = {self.plt.figure(number) for number in self.plt.get_fignums()}
        self.assertEqual(made, {self.names[name] for name in NAMES})

    def test_samples(self):
        lines = {line.get_label(): line for line in self.axes("samples").lines}
        samples = json.loads((EXAMPLES / "profile.json").read_text())["layer_times"]
        for direction in ("forward", "backward"):
            ours = [times for times in samples if times["direction"] == direction]
            points = lines[f"{direction}, each step"].get_xydata().tolist()
            self.assertEqual(points, [
                [times["layer"], 1e3 * seconds] for times in ours for seconds in times["seconds"]])
            means = kerf.read(EXAMPLES / "profile.json").pass_means()
            means = means[means.direction == direction].sort_values("layer").time_seconds
            drawn = lines[f"{direction}, mean"].get_ydata()
            self.assertEqual(len(drawn), len(means))
            for found, mean in zip(drawn, means):
                self.assertTrue(math.isclose(found, 1e3 * mean, rel_tol=1e-9))

    def test_energy(self):
        axes = self.axes("energy")
        layers = json.loads((EXAMPLES / "device.json").read_text())["layers"]
        known = [
            layer[direction]["net_energy_joules"]["value"]
            for direction in ("forward", "backward") for layer in layers
            if "value" in layer[direction]["net_energy_joules"]
        ]
        self.assertEqual([bar.get_height() for bar in axes.patches], known)
        self.assertGreater(len(known), 20)
        self.assertIn("simulated", axes.get_title())

    def test_roofline(self):
        device = json.loads((EXAMPLES / "device.json").read_text())
        points = self.axes("roofline").lines[0].get_xydata().tolist()
        expected = []
        for layer in device["layers"]:
            for cost in layer["description"]["kernels"]:
                seconds = layer[cost["direction"]]["kernel_seconds"][cost["kernel"]]["value"]
                if cost["flops"] > 0 and cost["bytes"] > 0:
                    expected.append([cost["flops"] / cost["bytes"], cost["flops"] / seconds])
        self.assertEqual(sorted(points), sorted(expected))
        roof = self.axes("roofline").lines[1].get_ydata()
        self.assertEqual(max(roof), device["roofline"]["flops_per_second"]["value"])

    def test_pictures_are_of_this_notebook(self):
        """By the digest in their description: their bytes differ between versions of matplotlib."""
        for name in NAMES:
            path = FIGURES / f"{name}.svg"
            if os.environ.get("KERF_UPDATE_FIGURES") == "1":
                FIGURES.mkdir(exist_ok=True)
                self.names[name].savefig(
                    path, metadata={"Date": None, "Creator": None, "Description": f"source sha256 {source_digest()}"})
                # Matplotlib ends some lines with a blank.
                path.write_text("".join(line.rstrip() + "\n" for line in path.read_text().splitlines()))
            text = path.read_text()
            self.assertTrue(text.rstrip().endswith("</svg>"))
            self.assertIn(source_digest(), text, f"{path} is of other files; run with KERF_UPDATE_FIGURES=1")


if __name__ == "__main__":
    unittest.main()
