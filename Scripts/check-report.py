#!/usr/bin/env python3
"""Opens a report in a headless browser from file://, without a network, in light, dark and print, and fails on a console
message, an external address, a size above 400 KB for a page without a run's samples, or a contrast below WCAG 2.2's AA.

    Scripts/check-report.py report.html [--out pictures] [--browser chromium]
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

TEXT = ["ink", "soft", "good", "caution", "bad", "note", "c0"]
GRAPHICS = [f"c{n}" for n in range(8)]


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted(luminance(c) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def check_contrast(page):
    """The style sheet has two lists of variables: on white, then on black."""
    faults = []
    blocks = re.findall(r":root\{([^}]*--page[^}]*)\}", page)
    if len(blocks) < 2:
        return ["the page has no colors for light and dark"]
    for name, block in zip(["light", "dark"], blocks):
        colors = dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", block))
        for tone, least in [(t, 4.5) for t in TEXT] + [(g, 3.0) for g in GRAPHICS]:
            ratio = contrast(colors[tone], colors["page"])
            if ratio < least:
                faults.append(f"{name}: --{tone} has a contrast of {ratio:.2f}, below {least}")
    return faults


def browse(browser, page, out, *options):
    """Runs the browser once, with every name and proxy of the network unreachable. Returns its console messages."""
    with tempfile.TemporaryDirectory() as profile:
        run = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--hide-scrollbars",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--enable-logging=stderr", "--v=0",
             *options, "file://" + os.path.abspath(page)],
            capture_output=True, text=True, timeout=180)
    if not os.path.exists(out):
        return [f"{browser} made no {out}: {run.stderr.strip().splitlines()[-1:]}"]
    return [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("page")
    parser.add_argument("--out", default=".", help="folder for the pictures")
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("--maximum-kilobytes", type=float, default=400)
    options = parser.parse_args()
    with open(options.page, encoding="utf-8") as file:
        page = file.read()
    faults = check_contrast(page)
    if re.search(r"https?://|url\(|<script|\bsrc=", page):
        faults.append("the page refers to something outside itself")
    size = len(page.encode()) / 1000
    if size > options.maximum_kilobytes:
        faults.append(f"{size:.0f} KB, more than {options.maximum_kilobytes:.0f}")
    os.makedirs(options.out, exist_ok=True)
    height = 1500 + 600 * page.count("<figure")
    for name, scheme in [("light", 1), ("dark", 0)]:
        picture = os.path.join(options.out, f"report-{name}.png")
        faults += browse(options.browser, options.page, picture, f"--screenshot={picture}", f"--window-size=1000,{height}",
                         f"--blink-settings=preferredColorScheme={scheme}")
    printed = os.path.join(options.out, "report-print.pdf")
    faults += browse(options.browser, options.page, printed, f"--print-to-pdf={printed}", "--no-pdf-header-footer")
    for fault in faults:
        print("fault:", fault)
    print(f"{options.page}: {size:.0f} KB, {page.count('<figure')} charts, {len(faults)} faults; pictures in {options.out}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
