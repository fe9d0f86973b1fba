# shellcheck shell=bash
# Sourced by every script that runs in the guest.

CPUFREQ=/sys/devices/system/cpu/cpufreq

# Waiting without a process of its own: sleep(1) would count as load from other processes.
mkfifo "/tmp/nap.$$" && exec 9<>"/tmp/nap.$$" && rm "/tmp/nap.$$"
nap() { read -rt "$1" -u 9 || :; }

# profile NAME SECONDS COMMANDS OPTION...
# Profiles the small model, by sudo where BY says so. SECONDS after the first cycle of measurements, COMMANDS run beside
# it, where there are any.
profile() {
    local name=$1 seconds=$2 commands=$3 line begun= pid status start=${EPOCHREALTIME/./}
    shift 3
    mkfifo "/tmp/$name.log"
    ${BY:-} kerf profile --model /mnt/micro.json --seq 16 --threads 1 --quiet ${commands:+--verbose} --out "/tmp/$name.json" "$@" \
        >"/tmp/$name.out" 2>"/tmp/$name.log" &
    pid=$!
    while IFS= read -r line; do
        echo "$line"
        if [ -n "$commands" ] && [ -z "$begun" ] && [[ $line == *cycle* ]]; then
            begun=yes
            (nap "$seconds"; KERF=$pid; eval "$commands") >"/tmp/$name.commands" 2>&1 &
        fi
    done <"/tmp/$name.log" >"/tmp/$name.err"
    wait "$pid"
    status=$?
    echo $((${EPOCHREALTIME/./} - start)) >"/mnt/$name.microseconds"
    wait
    # Standard output first: it is what a user sees.
    cat "/tmp/$name.out"
    grep -v ' debug ' "/tmp/$name.err"
    if [ -n "$commands" ]; then
        [ -n "$begun" ] || echo "bench: no cycle was logged, so the box was left alone"
        sed 's/^/bench: /' "/tmp/$name.commands"
    fi
    for line in json err out; do
        if [ -e "/tmp/$name.$line" ]; then cat "/tmp/$name.$line" >"/mnt/$name.$line"; fi
    done
    return $status
}

# Sets LIMITS: what a sweep changes and has to restore.
read_limits() {
    local file value
    LIMITS=
    for file in "$CPUFREQ"/policy*/scaling_{min_freq,max_freq,governor}; do
        value=
        read -r value <"$file"
        LIMITS+="$value "
    done
}

# kill_in_sweep VICTIM, one of kerf, watchdog, both
# Prints JSON: the limits before, during, and after; the seconds until they were restored, null where they never were.
kill_in_sweep() {
    local victim=$1 before during pid watchdog= start now restored=null status
    read_limits
    before=$LIMITS
    kerf profile --model /mnt/micro.json --seq 16 --threads 1 --budget 3 --meter perf \
        --frequencies 800mhz,1.2ghz,1.6ghz --sweep-budget 40 --out /tmp/sweep.json >/tmp/sweep.out 2>&1 &
    pid=$!
    while kill -0 $pid 2>/dev/null && [ "$LIMITS" = "$before" ]; do nap 0.1; read_limits; done
    # Into the measurements of a step, where most of the time is spent.
    nap 0.3
    read_limits
    during=$LIMITS
    # A thread's file lists the processes that this thread started.
    watchdog=$(cat /proc/$pid/task/*/children)
    watchdog=${watchdog%% *}
    start=${EPOCHREALTIME/./}
    case $victim in
        kerf) kill -9 $pid ;;
        watchdog) kill -9 "$watchdog" ;;
        both) kill -9 $pid "$watchdog" ;;
    esac
    while :; do
        read_limits
        now=${EPOCHREALTIME/./}
        if [ "$LIMITS" = "$before" ] && { [ "$victim" != watchdog ] || ! kill -0 $pid 2>/dev/null; }; then
            restored=$((now - start))
            break
        fi
        if [ "$victim" = watchdog ]; then
            kill -0 $pid 2>/dev/null || break
        elif ((now - start > 3000000)); then
            break
        fi
        nap 0.005
    done
    wait $pid 2>/dev/null
    status=$?
    read_limits
    printf '{"before":"%s","during":"%s","after":"%s","watchdog":"%s","microseconds":%s,"status":%s}\n' \
        "$before" "$during" "$LIMITS" "$watchdog" "$restored" "$status"
}

# Sets the power of the battery once a second to what the box draws. Builtins only: it must not be load itself.
follow_with_battery() {
    local line total ns last_total last_ns
    while read -r line </sys/module/kerf_power/parameters/truth; do
        ns=${line#*\"ns\":} ns=${ns%%,*}
        total=${line#*\"total\":} total=${total%%,*}
        if [ -n "$last_ns" ]; then
            # nJ over ns is W; at 10 V it is 100 mA, or 100000 uA.
            echo $((-(total - last_total) * 100000 / (ns - last_ns))) >/sys/module/test_power/parameters/battery_current
        fi
        last_total=$total last_ns=$ns
        nap 1
    done
}
