#!/usr/bin/env python3
"""Transfers over bare TCP, timed as `kerf link` times its own: the reference for messages of a few megabytes.

    bare_tcp.py serve HOST PORT
    bare_tcp.py measure HOST PORT REPEATS SIZE...

`measure` prints one-way times in seconds as JSON, by condition, direction and size: "cold" is after 0.3 s without
traffic, "warm" at once after that. An upload takes until the server's one byte of an answer, a download from its
request; both less half an empty round trip.
"""

import json
import random
import socket
import statistics
import struct
import sys
import time

REQUEST = struct.Struct("!BQ")
IDLE_SECONDS = 0.3
BUFFER = bytearray(1 << 20)


def receive(connection, size):
    """Receives and forgets; False where the peer has left."""
    while size > 0:
        count = connection.recv_into(BUFFER, min(size, len(BUFFER)))
        if count == 0:
            return False
        size -= count
    return True


def serve(host, port):
    with socket.create_server((host, port)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while request := connection.recv(REQUEST.size, socket.MSG_WAITALL):
                    is_down, size = REQUEST.unpack(request)
                    if is_down:
                        connection.sendall(bytes(size))
                    elif receive(connection, size):
                        connection.sendall(b".")


def transfer(connection, is_down, payload):
    start = time.perf_counter()
    connection.sendall(REQUEST.pack(is_down, len(payload)))
    if is_down:
        receive(connection, len(payload))
    else:
        connection.sendall(payload)
        receive(connection, 1)
    return time.perf_counter() - start


def measure(host, port, repeats, sizes):
    times, trips = {}, []
    with socket.create_connection((host, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        visits = [(size, is_down) for size in sizes for is_down in (False, True)] * repeats
        random.Random(1).shuffle(visits)
        for size, is_down in visits:
            time.sleep(IDLE_SECONDS)
            payload = bytes(size)
            for condition in ("cold", "warm"):
                cell = times.setdefault(condition, {}).setdefault("down" if is_down else "up", {})
                cell.setdefault(size, []).append(transfer(connection, is_down, payload))
            trips.append(transfer(connection, False, b""))
    half = statistics.median(trips) / 2
    return {
        condition: {way: {size: [time - half for time in samples] for size, samples in cell.items()}
                    for way, cell in cells.items()}
        for condition, cells in times.items()
    }


def main():
    host, port = sys.argv[2], int(sys.argv[3])
    if sys.argv[1] == "serve":
        serve(host, port)
    else:
        print(json.dumps(measure(host, port, int(sys.argv[4]), [int(size) for size in sys.argv[5:]])))


if __name__ == "__main__":
    main()
