#!/usr/bin/python3
"""shellcheck has nothing to say about any shell script of the tree."""
import shutil
import subprocess
import sys

import tree


def is_shell(root, path):
    if path.endswith('.sh'):
        return True
    first = tree.lines(root, path)[:1]
    return bool(first) and first[0] in ('#!/bin/sh', '#!/bin/bash')


def findings(root):
    scripts = [path for path in tree.files(root) if is_shell(root, path)]
    done = subprocess.run(['shellcheck', '--external-sources', '--format=gcc', *scripts], cwd=root, capture_output=True, text=True, check=False)
    return len(scripts), (done.stdout + done.stderr).splitlines()


if __name__ == '__main__':
    if shutil.which('shellcheck') is None:
        print('1..1\nok 1 - shellcheck has nothing to say # SKIP shellcheck is not installed')
        sys.exit(0)
    sys.exit(tree.report('shellcheck has nothing to say', *findings(tree.root_argument())))
