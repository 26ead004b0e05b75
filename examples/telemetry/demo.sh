#!/bin/bash
# The whole way on real input, in about half a minute: a private bus, this host's own numbers, a real log, the tools, a kill -9,
# and the proof that nothing is left. Called by `./dev demo`; or by hand: BUS_BUILD=build bash examples/telemetry/demo.sh
set -euo pipefail

build=${BUS_BUILD:-build}
[[ -x $build/tools/bus/bus ]] || { echo "demo: no programs in $build; ./dev build makes them" >&2; exit 1; }
PATH=$(cd "$build" && pwd)/tools/bus:$(cd "$build" && pwd)/broker:$(cd "$build" && pwd)/examples/telemetry:$PATH

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
show() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }
folder=$(mktemp -d "${TMPDIR:-/tmp}/bus-demo.XXXXXX")
export BUS_RUNTIME_DIR=$folder BUS_NAME=demo
broker='' others=()

# Every kernel object of ours, one a line, without what changes while it lives.
objects() { ipcs -m -q -s | awk '/^0x/ { print section, $1, $2, $3 } /^-/ { section = $2 " " $3 }'; }

stop_everything() {
    local pid
    for pid in "${others[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${others[@]}"; do wait "$pid" 2>/dev/null || true; done
    others=()
    if [[ -n $broker ]]; then
        kill -TERM "$broker" 2>/dev/null || true
        wait "$broker" 2>/dev/null || true
        broker=''
    fi
}
trap 'stop_everything; rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs CMD... until it says yes, at most ten seconds.
wait_until() {
    local deadline=$((SECONDS + 10))
    until "$@"; do
        ((SECONDS < deadline)) || { echo "demo: waited ten seconds for: $*" >&2; return 1; }
        sleep 0.1
    done
}
is_ready() { bus -q >"$folder/ready.out" 2>&1; }
is_listening() { bus topic ls "\$bus/events" >/dev/null 2>&1; }
is_gone_from_the_bus() { ! bus client ls --json | grep -q "\"pid\":$1[,}]"; }

before=$(objects)

say "A private bus in $folder"
busd 2>"$folder/busd.log" &
broker=$!
wait_until is_ready
show bus

say "This host's numbers ten times a second, two logs followed, and who looks at them"
telemetry-publish & others+=($!)
telemetry-follow "$folder/busd.log" & others+=($!)   # a real log that grows: busd writes to it, say when a client dies
if [[ -s /var/log/dpkg.log && -r /var/log/dpkg.log ]]; then telemetry-follow /var/log/dpkg.log & others+=($!); fi
telemetry-top >"$folder/top.out" & top=$!
others+=("$top")
bus wait topic host/processes -t 10s
bus wait topic log/busd.log -t 10s

say "What goes through it"
show bus topic echo host/load -n 3 -t 10s
show bus topic echo host/cpu --once --json -t 10s
show bus topic echo host/memory --field available_bytes -n 2 -t 10s
show bus topic echo 'log/**' --history 3 --field text -d 2s
show bus topic echo host/load --where 'one_minute >= 0 && has(uptime_seconds)' --csv -n 3 -t 10s
show bus topic hz host/cpu host/processes -d 5s
show bus topic bw 'host/**' --once -t 10s
show bus topic delay host/load --once -t 10s

say "Who and what is there"
show bus topic ls
show bus topic info host/cpu
show bus client info telemetry-top
show bus ipc

say "What telemetry-top shows meanwhile (on a terminal it stays in place)"
wait_until test -s "$folder/top.out"
tail -n 22 "$folder/top.out"

say "kill -9 of a subscriber: the bus cleans up after it, and tells it"
show bus client ls
bus events --kind client_left -n 1 -t 20s >"$folder/events.out" & events=$!
others+=("$events")
wait_until is_listening
printf '%s$ kill -9 %s%s\n' "$bold" "$top" "$plain"
disown "$top"   # the shell need not tell of its end
kill -KILL "$top"
wait_until is_gone_from_the_bus "$top"
wait "$events"
printf '%s$ bus events --kind client_left%s\n' "$bold" "$plain"
cat "$folder/events.out"
show bus client ls
show bus topic echo host/load -n 2 -t 10s   # and nobody was held up
show bus lost || true                       # status 1 if somebody lost anything

say "The end: nothing is left"
ours=$(bus ipc | awk '$3 ~ /^0x/ { print $3 }')
stop_everything
after=$(objects)
left=$(comm -13 <(sort <<<"$before") <(sort <<<"$after"))
if grep -qFf <(printf '%s\n' "$ours") <<<"$left"; then   # others on this host may make objects too, meanwhile
    printf 'demo: of the bus, ipcs still has:\n%s\n' "$left" >&2
    exit 1
fi
show ipcs -m -q -s
show bus doctor || true
count() { grep -c . || true; }
echo
echo "The bus had $(count <<<"$ours") kernel objects, and ipcs has none of them. Before: $(count <<<"$before"), now: $(count <<<"$after")."
