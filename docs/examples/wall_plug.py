"""Reads the power of a wall plug over HTTP, for --meter-command: python3 wall_plug.py ADDRESS [tasmota | shelly] [SECONDS]

A plug with Tasmota answers /cm?cmnd=Status%2010, one of Shelly (generation 2 and later) /rpc/Switch.GetStatus?id=0.
"""

import json
import sys
import time
import urllib.request

address = sys.argv[1]
kind = sys.argv[2] if len(sys.argv) > 2 else "tasmota"
interval = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
path = {"tasmota": "/cm?cmnd=Status%2010", "shelly": "/rpc/Switch.GetStatus?id=0"}[kind]

print(json.dumps({"name": f"{kind} plug", "domain": "wall", "interval_seconds": interval}), flush=True)
due = time.monotonic()
while True:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=2) as answer:
            status = json.load(answer)
        watts = status["StatusSNS"]["ENERGY"]["Power"] if kind == "tasmota" else status["apower"]
    except (OSError, ValueError, KeyError) as error:
        # A sample that is missing is seen by its time.
        print(f"{address}: {error}", file=sys.stderr, flush=True)
    else:
        # The time is taken after the answer: the plug's own delay is found by Kerf.
        now = time.monotonic()
        print(json.dumps({"time": now, "watts": watts}), flush=True)
    due = max(due + interval, time.monotonic())
    time.sleep(max(0.0, due - time.monotonic()))
