#!/usr/bin/python3
"""Who may include whom. The arrows run one way only: sys <- shm, wire <- client; the broker above; tools and examples see the public face alone."""
import os
import re
import sys

import tree

LEAVES = ('libbus/include/bus/error.hpp', 'libbus/include/bus/name.hpp')

# Folder of the includer: folders (or files) of this project it may include. The first that fits counts.
PUBLIC, PROTO = 'libbus/include/bus/', 'proto/'
EVENTS = 'proto/bus/v1/events.proto'  # installed as the public headers are
ALLOWED = (
    (PUBLIC, (PUBLIC,)),
    ('libbus/src/sys/', ('libbus/src/sys/',) + LEAVES),
    ('libbus/src/shm/', ('libbus/src/sys/', 'libbus/src/shm/') + LEAVES),
    ('libbus/src/wire/', ('libbus/src/sys/', 'libbus/src/wire/', PROTO) + LEAVES),
    ('libbus/src/client/', ('libbus/src/', PUBLIC, PROTO)),
    ('libbus/src/', LEAVES),
    ('broker/', ('broker/', 'libbus/', PROTO)),
    ('tools/bus/', ('tools/bus/', PUBLIC, EVENTS)),
    ('tools/', ('tools/', PUBLIC, EVENTS)),
    ('examples/', ('examples/', PUBLIC, EVENTS)),
    ('tests/', ('',)),
)

# Headers of other people that a folder must not see; the others are free to.
FOREIGN = ('google/', 'CLI/', 'spdlog/', 'fmt/', 'toml++/', 'nlohmann/', 'prometheus/', 'gtest/', 'gmock/', 'benchmark/')
FORBIDDEN = (
    (PUBLIC, tuple(f for f in FOREIGN if f != 'google/')),
    ('libbus/src/sys/', FOREIGN),
    ('libbus/src/shm/', FOREIGN),
    ('libbus/src/', tuple(f for f in FOREIGN if f != 'google/')),
    ('broker/', ('gtest/', 'gmock/', 'benchmark/')),
    ('tools/', ('gtest/', 'gmock/', 'benchmark/')),
)

# Slow to compile: they stand in a .cpp behind a header of ours.
HEAVY = ('CLI/', 'toml++/', 'spdlog/', 'nlohmann/', 'prometheus/', 'boost/asio')

# What `#include <x>` is looked up in, in the order of the build.
INCLUDE_FOLDERS = ('libbus/include', 'libbus/src', 'proto', 'broker', 'tools', 'tools/bus', 'tests', 'examples')
INCLUDE = re.compile(r'\s*#\s*include\s*[<"]([^>"]+)[>"]')


def resolve(root, includer, name):
    """The file of this project that `name` means; None where it is somebody else's. Generated headers are known by their .proto."""
    for folder in (os.path.dirname(includer),) + INCLUDE_FOLDERS:
        path = os.path.normpath(os.path.join(folder, name))
        for candidate in (path, path.removesuffix('.pb.h') + '.proto'):
            if os.path.isfile(os.path.join(root, candidate)):
                return candidate
    return None


def first(table, path):
    return next((entry for folder, entry in table if path.startswith(folder)), ())


def complaint(root, includer, name):
    """What is wrong with one include; None where nothing is."""
    path = resolve(root, includer, name)
    if path is not None:
        return None if path.startswith(first(ALLOWED, includer) or ('\0',)) else f'{path} is out of its reach'
    if name.startswith('boost/') and includer.startswith(PUBLIC) and not name.startswith('boost/system/'):
        return 'of Boost, public headers use system/result.hpp only'
    if name.startswith(first(FORBIDDEN, includer) or ('\0',)):
        return 'that library has no business here'
    if name.startswith(HEAVY) and not includer.endswith('.cpp') and not includer.startswith('tests/'):
        return 'slow to compile: include it in a .cpp, behind a header of ours'
    return None


def findings(root):
    checked, found = 0, []
    for path in tree.sources(root):
        checked += 1
        for number, line in enumerate(tree.lines(root, path), 1):
            match = INCLUDE.match(line)
            wrong = match and complaint(root, path, match.group(1))
            if wrong:
                found.append(f'{path}:{number}: includes {match.group(1)}: {wrong}')
    return checked, found


if __name__ == '__main__':
    sys.exit(tree.report('includes follow the arrows', *findings(tree.root_argument())))
