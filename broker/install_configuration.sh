#!/bin/sh
# install_configuration.sh SOURCE TARGET: called by `meson install`. What is there already is an administrator's, and stays.
set -eu
target=${DESTDIR:-}$2
if [ -e "$target" ] || [ -L "$target" ]; then exit 0; fi
umask 022
mkdir -p "${target%/*}"
# Whole or not at all, and never in the place of one that came meanwhile.
cp "$1" "$target.new.$$"
chmod 644 "$target.new.$$"
ln "$target.new.$$" "$target" || [ -e "$target" ]
rm -f "$target.new.$$"
