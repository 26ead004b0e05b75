# shellcheck shell=bash
# leftovers.sh FILE COMMAND...: runs the command; what it left in this IPC namespace stands in FILE then, one object a line.
file=$1
shift
"$@"
status=$?
for kind in shm msg sem; do tail -n +2 "/proc/sysvipc/$kind" | sed "s/^/$kind /"; done >"$file"
exit $status
