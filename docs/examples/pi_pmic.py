"""Reads the power of a Raspberry Pi 5 from its power controller, for --meter-command: python3 pi_pmic.py [SECONDS]

`vcgencmd pmic_read_adc` shows the voltage and the current of each rail that the controller makes; power is the sum of their
products. What hangs on the 5 V input itself is no such rail: USB devices, HATs, and the controller's losses are missing,
so the domain is `pmic`. The user has to be in the group `video`.
"""

import json
import re
import subprocess
import sys
import time

# "  VDD_CORE_A current(7)=1.07320000A" and "  VDD_CORE_V volt(15)=0.82320000V"; EXT5V_V and BATT_V have no current.
VALUE = re.compile(r"^\s*(\w+)_[AV]\s+(current|volt)\(\d+\)=([0-9.]+)[AV]\s*$", re.MULTILINE)

interval = float(sys.argv[1]) if len(sys.argv) > 1 else 0.25
print(json.dumps({"name": "Raspberry Pi PMIC", "domain": "pmic", "interval_seconds": interval}), flush=True)
due = time.monotonic()
while True:
    start = time.monotonic()
    done = subprocess.run(["vcgencmd", "pmic_read_adc"], capture_output=True, text=True, check=False)
    rails = {"current": {}, "volt": {}}
    for rail, kind, value in VALUE.findall(done.stdout):
        rails[kind][rail] = float(value)
    measured = rails["current"].keys() & rails["volt"].keys()
    if done.returncode != 0 or not measured:
        # A sample that is missing is seen by its time.
        print(f"vcgencmd: {(done.stderr or done.stdout).strip() or 'no rail with a current'}", file=sys.stderr, flush=True)
    else:
        watts = sum(rails["current"][rail] * rails["volt"][rail] for rail in measured)
        # The rails are read one after another, in the middle of what the command takes.
        print(json.dumps({"time": (start + time.monotonic()) / 2, "watts": round(watts, 6)}), flush=True)
    due = max(due + interval, time.monotonic())
    time.sleep(max(0.0, due - time.monotonic()))
