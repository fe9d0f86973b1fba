#!/bin/bash
# Profiles every node of a partition by an array job, each element on a node of its own, and waits.
#
#   submit.sh --out DIR [--partition NAME] [--nodes LIST] [--at-once NUMBER] [--no-wait] [-- SBATCH-OPTIONS...]
#
# DIR is on a file system that all nodes share; it gets a folder for each node, which `kerf fleet DIR` shows. --nodes names some
# nodes as Slurm does: rack1-[01-08]. --at-once limits how many measure at the same time, where they share power. The variables
# KERF_MODEL, KERF_RUNS, KERF_BUDGET, KERF_OPTIONS and KERF are those of kerf-array.sbatch. Exits with 1 where a node is not complete.
set -euo pipefail

usage() {
    sed -n '4p' "$0" | cut -c3- >&2
    exit 64
}

out='' partition='' nodes='' at_once='' is_waiting=true
while [ $# -gt 0 ]; do
    case $1 in
        --out) out=${2:?} && shift 2 ;;
        --partition) partition=${2:?} && shift 2 ;;
        --nodes) nodes=${2:?} && shift 2 ;;
        --at-once) at_once=${2:?} && shift 2 ;;
        --no-wait) is_waiting=false && shift ;;
        --) shift && break ;;
        *) usage ;;
    esac
done
[ -n "$out" ] || usage
mkdir -p "$out"
export KERF_OUT
KERF_OUT=$(readlink -f "$out")

select=(--noheader --Node --format=%N)
[ -z "$partition" ] || select+=(--partition "$partition")
[ -z "$nodes" ] || select+=(--nodes "$nodes")
mapfile -t names < <(sinfo "${select[@]}" | sort -Vu)
[ "${#names[@]}" -gt 0 ] || { echo "submit.sh: Slurm knows no such node" >&2; exit 69; }

array=0-$((${#names[@]} - 1))${at_once:+%$at_once}
options=(--parsable --hold --export=ALL --array "$array" --output "$KERF_OUT/slurm-%A_%a.log")
[ -z "$partition" ] || options+=(--partition "$partition")
start=$(date +%s)
job=$(sbatch "${options[@]}" "$@" "$(dirname "$(readlink -f "$0")")/kerf-array.sbatch")
job=${job%%;*}
# All elements of an array have the options of one sbatch, so each is bound to its node before it is released.
for index in "${!names[@]}"; do
    scontrol update "JobId=${job}_$index" "ReqNodeList=${names[$index]}" || { scancel "$job"; exit 1; }
done
scontrol release "$job"
echo "job $job: ${#names[@]} nodes, logs in $KERF_OUT"
$is_waiting || exit 0

# No accounting is needed: a job that has ended is no longer in the queue, or is there as completed.
while squeue --noheader --jobs "$job" --states PENDING,RUNNING,COMPLETING,CONFIGURING,SUSPENDED 2>/dev/null | grep -q .; do
    sleep "${KERF_POLL:-10}"
done

missing=0
for index in "${!names[@]}"; do
    record=$KERF_OUT/${names[$index]}/collection.json
    if [ ! -e "$record" ] || [ "$(stat -c %Y "$record")" -lt "$start" ]; then
        # The element was canceled, or its node went down, before it wrote anything.
        mkdir -p "$KERF_OUT/${names[$index]}"
        printf '{"schema": "kerf.collection", "schema_version": 1, "outcome": "unreachable", "error": "%s", "time": "%s"}\n' \
            "job ${job}_$index did not run to its end" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$record"
    fi
    if grep -q '"outcome": "complete"' "$record"; then
        echo "${names[$index]}: complete"
    else
        echo "${names[$index]}: not complete: $(sed 's/.*"error": "\(.*\)", "time".*/\1/' "$record"); see slurm-${job}_$index.log"
        missing=1
    fi
done
exit $missing
