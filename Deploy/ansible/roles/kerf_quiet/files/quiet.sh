#!/bin/sh
# Quiets a box for measuring, and gives back what it changed.
#
#   quiet.sh begin SYSFS SECONDS GOVERNOR [UNIT...]
#   quiet.sh end
#
# Prints a line for each change. What was there before is on disk, beside this file, before anything is changed. `begin`
# first gives back what an earlier one left. A process that sleeps calls `end` after SECONDS, in case nobody else does.
set -u
folder=$(dirname "$(readlink -f "$0")")
state=$folder/quiet.state

set_governor() {
    echo "$2" >"$1" 2>/dev/null
}

end() {
    [ -e "$state" ] || return 0
    failed=0
    while read -r kind place old; do
        case $kind in
            guard)
                # Not itself, where it is what the guard has become.
                if [ "$place" != $$ ] && grep -qs kerf-fleet "/proc/$place/cmdline"; then
                    kill -- "-$place" 2>/dev/null
                fi
                ;;
            governor)
                [ "$(cat "$place" 2>/dev/null)" != "$old" ] || continue
                if set_governor "$place" "$old"; then
                    echo "governor of $place: $old again"
                else
                    echo "governor of $place: cannot be set to $old again" >&2
                    failed=1
                fi
                ;;
            unit)
                if systemctl start "$place"; then
                    echo "started $place"
                else
                    echo "cannot start $place" >&2
                    failed=1
                fi
                ;;
        esac
    done <"$state"
    # With the state what failed can be tried again.
    [ $failed -ne 0 ] || rm -f "$state"
    return $failed
}

begin() {
    sysfs=$1 seconds=$2 governor=$3
    shift 3
    end || return 1
    : >"$state"
    setsid sh -c 'sleep "$1"; exec sh "$2" end' kerf-fleet-guard "$seconds" "$0" </dev/null >/dev/null 2>&1 &
    echo "guard $!" >>"$state"
    for place in "$sysfs"/devices/system/cpu/cpufreq/policy*/scaling_governor; do
        [ -n "$governor" ] && [ -e "$place" ] || continue
        old=$(cat "$place")
        [ "$old" != "$governor" ] || continue
        grep -qw -- "$governor" "$(dirname "$place")/scaling_available_governors" || continue
        echo "governor $place $old" >>"$state"
        if set_governor "$place" "$governor"; then
            echo "governor of $place: $old to $governor"
        else
            echo "governor of $place: stays $old" >&2
        fi
    done
    command -v systemctl >/dev/null || return 0
    for unit; do
        systemctl is-active --quiet "$unit" || continue
        echo "unit $unit" >>"$state"
        if systemctl stop "$unit"; then
            echo "stopped $unit"
        else
            echo "$unit does not stop" >&2
        fi
    done
}

case ${1:-} in
    begin) shift; begin "$@" ;;
    end) end ;;
    *) echo "usage: quiet.sh begin SYSFS SECONDS GOVERNOR [UNIT...] | end" >&2; exit 64 ;;
esac
