#!/usr/bin/python3
"""No source file above 400 lines: one file, one job."""
import sys

import tree

LIMIT = 400
KINDS = tree.SOURCES + ('.py', '.sh', '.proto', '.pml', 'meson.build', '/dev', '/run')


def findings(root):
    checked, found = 0, []
    for path in tree.files(root):
        if not ('/' + path).endswith(KINDS):
            continue
        checked += 1
        count = len(tree.lines(root, path))
        if count > LIMIT:
            found.append(f'{path}: {count} lines, {LIMIT} are allowed: split it by its jobs')
    return checked, found


if __name__ == '__main__':
    sys.exit(tree.report(f'no source file above {LIMIT} lines', *findings(tree.root_argument())))
