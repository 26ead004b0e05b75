#!/usr/bin/python3
"""left_out.py BUILD_FOLDER FOLDER...: names each test that BUILD_FOLDER knows and that the last run (dev.json) of no folder ran."""
import json
import os
import sys


def known(folder):
    with open(os.path.join(folder, 'meson-info', 'intro-tests.json'), encoding='utf-8') as file:
        return {test['name'] for test in json.load(file)}


def run(folder):
    """The log names a test 'project:suites / name'."""
    path = os.path.join(folder, 'meson-logs', 'dev.json')
    if not os.path.exists(path):
        return set()
    with open(path, encoding='utf-8') as file:
        return {json.loads(line)['name'].rpartition(' / ')[2] for line in file}


def left_out(folders):
    return sorted(known(folders[0]) - set().union(*map(run, folders)))


if __name__ == '__main__':
    names = left_out(sys.argv[1:])
    for name in names:
        print(f'{name}: run by no step; does it lack the suite plain (tests/*/meson.build)?')
    sys.exit(1 if names else 0)
