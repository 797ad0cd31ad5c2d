#!/bin/sh
# Records what the slides show: each command's output, with the command and the machine above it. From the project's root:
#
#   slides/data/record.sh            all of it
#   slides/data/record.sh trace-03   what begins with this
set -u
cd "$(dirname "$0")/../.." || exit 1
wanted=${1-}
machine="$(uname -sr), $(nproc) × $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1), $(date +%F)"

is_wanted() { case $1 in "$wanted"*) ;; *) return 1 ;; esac; }

# record NAME COMMAND: what the command prints, without what it says about itself on stderr.
record() {
    is_wanted "$1" || return
    echo "$2" >&2
    output=$(sh -c "$2" 2>/dev/null | sed "s|$PWD/||g")
    printf '# command: %s\n# machine: %s\n%s\n' "$2" "$machine" "$output" >"slides/data/$1.txt"
}

record bitmap 'build/dev/bin/00_readiness --bitmap'
record matrix 'build/dev/bin/00_readiness'
for state in half-closed-data urgent reset refused more-data; do
    record "state-$state" "build/dev/bin/00_readiness --state $state"
done
for program in slides/try/*.py; do
    record "try-$(basename "$program" .py)" "python3 $program"
done
for run in 01-two-clients 02-slow-reader 03-hello 03-ten-kilobytes 04-ten-kilobytes 05-two-clients; do
    record "trace-$run" "./muxlab trace ${run%%-*} --scenario ${run#*-}"
done
for card in 01.set-not-rebuilt 01.fd-setsize-overflow 01.timeval-consumed \
    02.hup-err-ignored 02.compaction-skips-entry 02.revents-equality \
    03.mod-replaces-mask 03.dup-keeps-registration 03.write-interest-always \
    04.et-single-read 04.et-blocking-fd 04.accept-once-per-edge 04.et-starvation \
    05.post-without-wake 05.lost-wakeup 05.callback-under-lock 05.stale-event-reused-fd; do
    record "bug-$card" "./muxlab bug run $card --seed 7"
done
# On a machine with nothing else to do:
if is_wanted compare; then ./muxlab compare --json slides/data/compare.json >/dev/null; fi
if is_wanted bench-idle; then ./muxlab bench idle --json slides/data/bench-idle.json >/dev/null; fi
