#!/usr/bin/python3
"""Words that must not stand in the tree: paths of one developer's machine; sleeps in tests (a test waits for a condition)."""
import re
import sys

import tree

# Folder, kinds of files ('' is any), what is forbidden, why.
RULES = (
    ('', '', re.compile(r'(?<![\w.$}/-])/(work|home|root)/\w'), 'a path of one machine'),
    ('tests/', tree.SOURCES, re.compile(r'\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\('), 'wait for a condition, never sleep'),
    ('', tree.SOURCES, re.compile(r'^(?:(?!//).)*hardware_(de|con)structive_interference_size'), 'differs between compilers; the layout does not'),
)
EXCEPT = 'tests/lint/'


def findings(root):
    checked, found = 0, []
    for path in tree.files(root):
        if path.startswith(EXCEPT):
            continue
        checked += 1
        for folder, kinds, pattern, why in RULES:
            if not path.startswith(folder) or not path.endswith(kinds):
                continue
            for number, line in enumerate(tree.lines(root, path), 1):
                match = pattern.search(line)
                if match:
                    found.append(f'{path}:{number}: {match.group(0)}: {why}')
    return checked, found


if __name__ == '__main__':
    sys.exit(tree.report('no machine paths, no sleeping tests', *findings(tree.root_argument())))
