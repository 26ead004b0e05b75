#!/usr/bin/python3
"""figures.py BUILD_FOLDER LOGBASE: what each program of one `meson test` run wrote to stdout, but for the lines of GoogleTest and TAP."""
import json
import os
import re
import sys

FRAME = re.compile(r'\[( OK | +OK |[ =-]*(RUN|FAILED|PASSED|SKIPPED|DISABLED)?[ =-]*)\]|Running main\(\)|Note: |YOU HAVE |(not )?ok \d|1\.\.\d|$')


def figures(text):
    return [line for line in text.splitlines() if not FRAME.match(line.strip())]


def show(folder, logbase):
    with open(os.path.join(folder, 'meson-logs', logbase + '.json'), encoding='utf-8') as file:
        for program in map(json.loads, file):
            lines = figures(program.get('stdout', ''))
            if lines:
                print('\n---- ' + program['name'].rpartition(' / ')[2], *lines, sep='\n')


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    show(sys.argv[1], sys.argv[2])
