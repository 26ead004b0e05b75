# shellcheck shell=bash
# Sourced by ./dev. Which tests the words of ./dev stress mean, and what these print.

# stress_tests all|NAME...: their names, one a line. A NAME is a test of suite stress, or the beginning of several up to a '-' or '_'.
stress_tests() {
    local known wanted found
    known=$(meson test -C build --list --suite stress 2>/dev/null | sed -n 's|^bus:.* / ||p' | sort)
    [[ -n $known ]] || die "there is no stress test in build/"
    if [[ $1 == all ]]; then
        (($# == 1)) || die "'all' stands alone"
        echo "$known"
        return
    fi
    for wanted in "$@"; do
        # shellcheck disable=SC2016  # awk's own
        found=$(awk -v name="$wanted" 'index($0, name) == 1 && substr($0, length(name) + 1, 1) ~ /^[-_]?$/' <<<"$known")
        [[ -n $found ]] || die "no stress test '$wanted'; there are: all, $(paste -sd ' ' <<<"$known")"
        echo "$found"
    done | sort -u
}

# What the last run of tests in FOLDER wrote besides GoogleTest's own lines: their figures.
# shellcheck disable=SC2154  # `python` is of steps.sh
show_figures() { "$python" tests/dev/figures.py "$1" dev; }
