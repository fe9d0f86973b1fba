"""Reads the power of a laboratory meter over SCPI, for --meter-command: python3 scpi_meter.py ADDRESS [QUERY] [SECONDS]

Most meters listen on TCP port 5025. The query differs between makers: MEAS:POW?, FETC:POW?, :MEAS:POW:REAL?
"""

import json
import socket
import sys
import time

host, _, port = sys.argv[1].partition(":")
query = sys.argv[2] if len(sys.argv) > 2 else "MEAS:POW?"
interval = float(sys.argv[3]) if len(sys.argv) > 3 else 0.2

meter = socket.create_connection((host, int(port or 5025)), timeout=5)
lines = meter.makefile("rw", newline="\n")


def ask(text):
    lines.write(text + "\n")
    lines.flush()
    return lines.readline().strip()


print(json.dumps({"name": ask("*IDN?")[:60], "domain": "wall", "interval_seconds": interval}), flush=True)
due = time.monotonic()
while True:
    watts = float(ask(query))
    print(json.dumps({"time": time.monotonic(), "watts": watts}), flush=True)
    due = max(due + interval, time.monotonic())
    time.sleep(max(0.0, due - time.monotonic()))
