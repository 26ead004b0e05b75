# shellcheck shell=bash
# Sourced by ./dev. What is missing is installed, nothing else is touched: no removal, no recommended extras, no question asked.

say() { printf '== %3d s: %s\n' "$SECONDS" "$*"; }
die() { printf '%s\n' "dev: $*" >&2; exit 1; }

declare -A packages=(
    [build]="g++ meson ninja-build pkgconf libprotobuf-dev libprotoc-dev protobuf-compiler libboost1.81-dev
        libcli11-dev libspdlog-dev libfmt-dev libtomlplusplus-dev nlohmann-json3-dev prometheus-cpp-dev libgtest-dev libre2-dev python3"
    [test]="make cmake mandoc python3-pyte shellcheck zsh fish"
    [lint]="clang-format-16 clang-tidy-16 git"
    [clang]="clang-16"
    [model]="spin gcc libc6-dev"
    [guide]="jq curl util-linux"
    [fuzz]="clang-16 libclang-rt-16-dev"
    [counts]="valgrind"
)

# need_for PURPOSE...: the packages of these purposes are there afterwards.
need_for() {
    # shellcheck disable=SC2154  # `word` is ./dev's
    command -v dpkg-query >/dev/null || { say "no dpkg here: install yourself what ./dev $word needs (tests/dev/install.sh lists Debian's names)"; return; }
    local purpose package missing=() why=()
    for purpose in "$@"; do
        local before=${#missing[@]}
        for package in ${packages[$purpose]}; do
            installed "$package" || [[ " ${missing[*]} " == *" $package "* ]] || missing+=("$package")
        done
        ((${#missing[@]} == before)) || why+=("$purpose")
    done
    ((${#missing[@]} == 0)) || install "${why[*]}" "${missing[@]}"
}

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# install WHY PACKAGE...
install() {
    local reason=$1 plan removed log
    shift
    local options=(-y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300)
    say "installing what is missing for: $reason"
    say "    $*"
    ((EUID == 0)) || command -v sudo >/dev/null || die "there is no sudo here; run this as root, then start again:
    apt-get update && apt-get install ${options[*]} $*"
    as_root apt-get update -qq </dev/null || die "apt-get update failed: is there a network, and a Debian mirror in /etc/apt?"
    plan=$(LC_ALL=C apt-get -s --no-install-recommends install "$@" 2>&1 </dev/null) ||
        die "apt can't install them (this needs Debian 12):"$'\n'"$plan"
    removed=$(sed -n 's/^Remv \([^ ]*\).*/\1/p' <<<"$plan" | xargs)
    [[ -z $removed ]] || die "to install $* apt would remove: $removed
They conflict. If nothing else of yours needs $removed, remove it yourself and start again:
    sudo apt-get remove $removed"
    log=$(mktemp)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "${options[@]}" install "$@" </dev/null >"$log" 2>&1 ||
        { cat "$log"; die "apt-get install failed; the packages: $*"; }
    rm -f "$log"
    say "installed"
}

as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }
