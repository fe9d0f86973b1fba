#!/usr/bin/env python3
"""Checks a trace of `kerf trace` by Perfetto's own schema, and its sums by the profile that it was made from.

    check-trace.py profile.json profile.pftrace [--trace-processor PATH|fetch]

Needs Perfetto's Python package: python3 -m pip install perfetto. The package has the schema. The trace is decoded with it:
no field may be unknown, slices have to nest, every counter needs a unit, and the slices of each pass and of each kernel
have to sum to the profile's seconds. With --trace-processor the same sums are asked of that program of Perfetto's in SQL;
`fetch` lets the package download it. Exits with 1 and says what is wrong.
"""
import argparse
import collections
import json
import sys

try:
    from google.protobuf import unknown_fields
    from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema
except ImportError as missing:
    sys.exit(f"check-trace: {missing}; python3 -m pip install perfetto")


def unknown(message, place="Trace"):
    """Places of fields that Perfetto's schema does not have."""
    found = [f"{place}: field {field.field_number}" for field in unknown_fields.UnknownFieldSet(message)]
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        for part in value if isinstance(value, collections.abc.Sequence) or hasattr(value, "add") else [value]:
            found += unknown(part, f"{place}.{field.name}")
    return found


class Decoded:
    """Slices and counters, as the events in the order of time make them."""

    def __init__(self, data):
        self.faults, self.slices, self.values = [], [], collections.defaultdict(list)
        trace = schema.Trace.FromString(data)
        self.faults += sorted(set(unknown(trace)))
        self.tracks, groups, names, categories = {}, {}, {}, {}
        for packet in trace.packet:
            if packet.HasField("track_descriptor"):
                track = packet.track_descriptor
                if track.HasField("process"):
                    groups[track.uuid] = track.process.process_name
                if track.uuid in self.tracks:
                    self.faults.append(f"track {track.uuid} is described twice")
                unit = track.counter.unit_name if track.HasField("counter") else None
                self.tracks[track.uuid] = (groups.get(track.parent_uuid, ""), track.name, unit)
            names.update((name.iid, name.name) for name in packet.interned_data.event_names)
            categories.update((name.iid, name.name) for name in packet.interned_data.event_categories)
        events = [packet for packet in trace.packet if packet.HasField("track_event")]
        stacks, last = collections.defaultdict(list), {}
        # sorted() keeps the order of events at the same time, as Perfetto does.
        for packet in sorted(events, key=lambda packet: packet.timestamp):
            event, time = packet.track_event, packet.timestamp
            stack = stacks[event.track_uuid]
            if event.type == schema.TrackEvent.TYPE_SLICE_BEGIN:
                parent = stack[-1] if stack else None
                slice = {
                    "name": names[event.name_iid], "category": categories[event.category_iids[0]],
                    "track": event.track_uuid, "start": time, "end": None, "parent": parent,
                }
                stack.append(slice)
                self.slices.append(slice)
            elif event.type == schema.TrackEvent.TYPE_SLICE_END:
                if not stack:
                    self.faults.append(f"an end without a begin at {time} ns")
                    continue
                slice = stack.pop()
                slice["end"] = time
                key = (slice["track"], id(slice["parent"]))
                if slice["start"] < last.get(key, 0):
                    self.faults.append(f"{slice['name']} overlaps the slice before it")
                last[key] = time
            else:
                self.values[event.track_uuid].append((time, event.double_counter_value))
        self.faults += [f"{slice['name']} has no end" for slice in self.slices if slice["end"] is None]
        for slice in self.slices:
            parent = slice["parent"]
            if parent and not (parent["start"] <= slice["start"] and slice["end"] <= parent["end"]):
                self.faults.append(f"{slice['name']} is not within {parent['name']}")
        for track in self.values:
            if not self.tracks[track][2]:
                self.faults.append(f"the counter {self.tracks[track][1]} has no unit")

    def sums(self, category):
        """Nanoseconds by the name of the slice, or of the slice around it and its own, in the profile's own groups."""
        sums = collections.Counter()
        for slice in self.slices:
            group = self.tracks[slice["track"]][0]
            if slice["category"] == category and group.startswith("profile of "):
                key = slice["name"] if category == "layer" else (slice["parent"]["name"], slice["name"])
                sums[key] += slice["end"] - slice["start"]
        return sums


def expected(profile):
    """Seconds and samples by pass, and by pass and kernel."""
    kinds = {layer["index"]: layer["kind"] for layer in profile["layers"]}
    layers, kernels = {}, {}
    for times in profile["layer_times"]:
        kind = kinds[times["layer"]]
        name = f"{kind} {times['layer']}" if kind == "block" else kind
        name += f" {times['direction']}"
        layers[name] = times["seconds"]
        for kernel, seconds in times["kernels"].items():
            kernels[name, kernel] = seconds
    return layers, kernels


def compare(what, found, wanted, faults):
    worst = 0.0
    for name, seconds in wanted.items():
        difference = abs(found.get(name, 0) - sum(seconds) * 1e9)
        worst = max(worst, difference)
        # A sample is rounded to a nanosecond, and may give up a few more so that its parts fit.
        if difference > 2 * len(seconds):
            faults.append(f"{what} {name}: {found.get(name, 0)} ns for {sum(seconds)} s")
    print(f"{what}: {len(wanted)} sums, {sum(found.values()) * 1e-9:.9f} s, largest difference {worst:.3f} ns")


def processor(path, program):
    """Perfetto's trace processor with the trace."""
    try:
        from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig

        program = None if program == "fetch" else program
        return TraceProcessor(trace=path, config=TraceProcessorConfig(bin_path=program))
    except Exception as error:  # The package raises what its downloader does.
        sys.exit(f"check-trace: the trace processor cannot be used: {error}")


def ask(processor, layers, kernels, faults):
    within = "from slice s join process_track t on s.track_id = t.id join process p using (upid)"
    sums = {
        row.name: row.ns
        for row in processor.query(
            f"select s.name as name, sum(s.dur) as ns {within} "
            "where s.category = 'layer' and p.name glob 'profile of *' group by s.name")
    }
    compare("layers by trace processor", sums, layers, faults)
    sums = {
        (row.layer, row.name): row.ns
        for row in processor.query(
            f"select q.name as layer, s.name as name, sum(s.dur) as ns {within} join slice q on s.parent_id = q.id "
            "where s.category = 'kernel' and p.name glob 'profile of *' group by q.name, s.name")
    }
    compare("kernels by trace processor", sums, kernels, faults)
    for row in processor.query("select name, unit from counter_track where unit is null or unit = ''"):
        faults.append(f"trace processor sees no unit of {row.name}")
    for row in processor.query("select name, value from stats where severity = 'error' and value > 0"):
        faults.append(f"trace processor counts {row.value} x {row.name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("profile")
    parser.add_argument("trace")
    parser.add_argument("--trace-processor", metavar="PATH|fetch", help="Perfetto's trace_processor_shell")
    arguments = parser.parse_args()
    with open(arguments.profile) as file:
        layers, kernels = expected(json.load(file))
    with open(arguments.trace, "rb") as file:
        decoded = Decoded(file.read())
    print(f"slices: {len(decoded.slices)}, counters: {len(decoded.values)}, "
          f"units: {', '.join(sorted({decoded.tracks[track][2] or '-' for track in decoded.values}))}")
    compare("layers", decoded.sums("layer"), layers, decoded.faults)
    compare("kernels", decoded.sums("kernel"), kernels, decoded.faults)
    if arguments.trace_processor:
        found = processor(arguments.trace, arguments.trace_processor)
        ask(found, layers, kernels, decoded.faults)
        found.close()
    for fault in decoded.faults[:20]:
        print(f"fault: {fault}")
    sys.exit(1 if decoded.faults else 0)


if __name__ == "__main__":
    main()
