# shellcheck shell=bash
# Sourced by ./dev. Programs for the tests alone whose package brings a daemon: unpacked into the build folder, never installed, so that
# testing starts no service here. Where there is no network, the tests that want them are skipped and say so.

# unpack PACKAGE FILE: afterwards build/tools-for-tests/PACKAGE/FILE is there, whole, or this said why not.
unpack() {
    local package=$1 file=$2 folder=build/tools-for-tests fetched log
    [[ -e $folder/$package/$file ]] && return
    command -v apt-get >/dev/null || { say "no apt here: the tests that want ${file##*/} are skipped"; return; }
    say "unpacking ${file##*/} of $package for the tests; it is not installed"
    mkdir -p "$folder"
    fetched=$(mktemp -d) log=$(mktemp)
    if fetch "$package" "$fetched" >"$log" 2>&1 && dpkg-deb --fsys-tarfile "$fetched"/*.deb | tar -x -C "$fetched" "./$file" 2>>"$log"; then
        rm -f "$fetched"/*.deb
        chmod 755 "$fetched"
        rm -rf "${folder:?}/$package" "$folder/.$package"
        cp -r "$fetched" "$folder/.$package" && mv "$folder/.$package" "$folder/$package"
    else
        tail -n 3 "$log"
        say "$package can't be had: the tests that want ${file##*/} are skipped"
    fi
    rm -rf "$fetched" "$log"
}

# fetch PACKAGE FOLDER: its .deb lies there afterwards. The lists of packages may never have been fetched, or be too old.
fetch() {
    download "$1" "$2" || { as_root timeout 120 apt-get update -qq </dev/null && download "$1" "$2"; }
}

download() { (cd "$2" && timeout 300 apt-get download -qq "$1" </dev/null && ls ./*.deb); }
