# shellcheck shell=bash
# Sourced by ./dev. The steps its words are made of; each leaves its verdict in the counts.

jobs=${BUS_JOBS:-$(nproc)}
python=/usr/bin/python3
passed=0 failed=0 skipped=0

# ---- counting

# From here on the last line tells the counts, however the script ends.
counting() {
    trap conclude EXIT
    trap 'exit 130' INT TERM
    unset BUS_NAME BUS_RUNTIME_DIR BUS_BUSD BUS_STRESS
}

conclude() {
    local status=$?
    trap - EXIT
    ((status == 0)) || { ((failed)) || failed=1; }
    local line="$passed passed, $failed failed"
    ((skipped == 0)) || line+=", $skipped skipped"
    echo "$line"
    ((failed == 0)) || exit 1
    ((passed > 0)) || { echo "dev: nothing was tested" >&2; exit 1; }
    exit 0
}

count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

# step WHAT COMMAND...: one check, passed if the command is.
step() {
    local what=$1
    shift
    say "$what"
    if "$@"; then
        count 1 0 0
    else
        count 0 1 0
        say "FAILED: $what"
    fi
}

# ---- building

# build_folder FOLDER [MESON-OPTION...]
build_folder() {
    local folder=$1
    shift
    [[ -e $folder/build.ninja ]] || meson setup "$folder" "$@" </dev/null
}

build_programs() { build_folder build && ninja -C build -j "$jobs" programs; }

clang_build() {
    [[ -e build/clang/build.ninja ]] || CXX=clang++-16 meson setup build/clang </dev/null || return 1
    ninja -C build/clang -j "$jobs"
}

# ---- tests

# With more randomness than the sanitizers of gcc 12 can take, programs run without any, where that is allowed.
aslr=()
if (($(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0) > 28)) && setarch -R true 2>/dev/null; then aslr=(setarch -R); fi

# In an IPC namespace of its own (root only), where nobody else's objects are: what is there afterwards was left by the tests.
alone=()
if unshare --ipc true 2>/dev/null; then alone=(unshare --ipc bash tests/dev/leftovers.sh); fi

# tests_in FOLDER SUITES [MESON-TEST-OPTION...]: builds what these tests need, runs them, counts their cases.
tests_in() {
    local folder=$1 suites=() suite status=0
    for suite in $2; do suites+=(--suite "$suite"); done
    shift 2
    say "tests in $folder: ${suites[*]}"
    rm -f "$folder"/*.xml "$folder"/meson-logs/dev.* "$folder/leftovers"
    "${alone[@]}" "${alone[@]:+$folder/leftovers}" "${aslr[@]}" \
        meson test -C "$folder" --num-processes "$jobs" --logbase dev "${suites[@]}" "$@" </dev/null || status=$?
    count_tests "$folder" "$status"
    ((${#alone[@]} == 0)) || step "no System V object was left by them" nothing_left "$folder/leftovers"
}

# Every test of the plain build was run in one of the folders: a test that no suite takes would be lost unseen.
none_left_out() { "$python" tests/dev/left_out.py build build/asan build/tsan; }

# The counts of the run, and one failure where Meson failed without any: no test may be lost.
count_tests() {
    local folder=$1 status=$2 before=$failed summary
    if [[ -s $folder/meson-logs/dev.json ]]; then
        summary=$("$python" tests/summary.py "$folder" dev)
        local counts=${summary##*$'\n'}
        [[ $summary == "$counts" ]] || printf '%s\n' "${summary%$'\n'*}"
        # shellcheck disable=SC2086
        count $counts
    else
        status=1  # a step without a test tests nothing
    fi
    if ((status != 0 && failed == before)); then
        say "FAILED: meson test in $folder (exit status $status)"
        count 0 1 0
    fi
}

nothing_left() { [[ -e $1 && ! -s $1 ]] || { cat "$1"; return 1; }; }

tests_with_sanitizers() {
    # Little optimization and few debug symbols: a third of the time to compile, and line numbers all the same.
    local options=(-Db_lundef=false -Dwerror=false -Dtools=false -Dexamples=false -Dcpp_args=-g1)
    step "build with ASan and UBSan" build_sanitized build/asan all -Db_sanitize=address,undefined -Doptimization=g "${options[@]}"
    tests_in build/asan "unit system stress" --timeout-multiplier 3
    step "build with TSan" build_sanitized build/tsan tests -Db_sanitize=thread -Doptimization=1 "${options[@]}"
    tests_in build/tsan tsan --timeout-multiplier 3
}

# build_sanitized FOLDER TARGET MESON-OPTION...
build_sanitized() {
    local folder=$1 target=$2
    shift 2
    build_folder "$folder" "$@" && ninja -C "$folder" -j "$jobs" "$target"
}

# models WHICH [SECONDS]: the last line of tests/model/run is 'N passed, N failed'.
models() {
    say "models: $1"
    local log=build/models.log status=0
    timeout "${2:-900}" tests/model/run "$1" >"$log" 2>&1 </dev/null || status=$?
    if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" 0
        tail -n 1 "$log"
        ((status == 0 || BASH_REMATCH[2] > 0)) || count 0 1 0
    else
        count 0 1 0
    fi
    ((status == 0)) || cat "$log"
}

# ---- lint

# Kept as users wrote them: no rule of ours is for these.
as_they_came='^tests/programs/.*\.cpp$'

# files all|changed PATTERN...: those files, sorted. Changed: not as in origin/main; there, not as before the last commit; or not committed yet.
files() { all_files "$@" | { grep -v "$as_they_came" || true; }; }

all_files() {
    local which=$1 base git=(git -c safe.directory='*')
    shift
    if [[ $which == all ]]; then
        local pattern names=(-false)
        for pattern in "$@"; do names+=(-o -name "$pattern"); done
        find libbus broker tools tests examples -type f \( "${names[@]}" \) | sort
        return
    fi
    "${git[@]}" rev-parse --git-dir >/dev/null 2>&1 || return 0
    base=$("${git[@]}" merge-base HEAD origin/main 2>/dev/null || "${git[@]}" merge-base HEAD main 2>/dev/null || true)
    if [[ -z $base || $base == $("${git[@]}" rev-parse HEAD) ]]; then base=$("${git[@]}" rev-parse -q --verify HEAD~1 || "${git[@]}" rev-parse HEAD); fi
    { "${git[@]}" diff --name-only --diff-filter=d "$base" -- "$@"; "${git[@]}" ls-files --others --exclude-standard -- "$@"; } | sort -u
}

format_check() {
    local file wrong=0
    while read -r file; do
        clang-format-16 "$file" | cmp -s - "$file" && continue
        echo "$file: not formatted; ./dev fmt mends it"
        wrong=1
    done < <(files "$1" '*.cpp' '*.hpp')
    return $wrong
}

# tidy all|changed: each .cpp that the plain build compiles, and for a header the .cpp of its name. What passed is not looked at again until
# a header, the rules or the file itself has changed.
tidy() {
    local seen headers
    mkdir -p build/tidy
    headers=$(files all '*.hpp' | xargs cat .clang-tidy | sha256sum)
    seen=$(files "$1" '*.cpp' '*.hpp' | sed 's/\.hpp$/.cpp/' | sort -u | while read -r file; do
        grep -qF "/$file\"" build/compile_commands.json && [[ ! -e build/tidy/$(tidy_stamp "$file" "$headers") ]] && echo "$file"
    done) || true
    [[ -n $seen ]] || return 0
    generated_headers || return 1
    export -f tidy_one tidy_stamp
    # shellcheck disable=SC2016  # it is that bash that expands them
    xargs -P "$jobs" -I '{}' bash -c 'tidy_one "$1" "$2"' _ '{}' "$headers" <<<"$seen"
}

# The .pb.h of all targets, without building the targets.
generated_headers() {
    local rule
    for rule in CUSTOM_COMMAND CUSTOM_COMMAND_DEP; do ninja -C build -t targets rule "$rule"; done | { grep '\.pb\.h$' || true; } |
        xargs -r ninja -C build --quiet
}

tidy_stamp() { { echo "$2"; cat "$1"; } | sha256sum | cut -c 1-32; }

tidy_one() {
    local log
    if log=$(timeout 300 clang-tidy-16 -p build --quiet "$1" 2>&1); then
        : >"build/tidy/$(tidy_stamp "$1" "$2")"
    else
        printf '%s: clang-tidy\n%s\n' "$1" "$log"
        return 1
    fi
}
