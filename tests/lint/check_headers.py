#!/usr/bin/python3
"""Every public header compiles alone, warnings as errors, as a user would include it.

usage: check_headers.py COMPILER INCLUDE_FOLDER HEADER..."""
import concurrent.futures
import os
import subprocess
import sys

FLAGS = ['-std=c++20', '-fsyntax-only', '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wnon-virtual-dtor', '-Werror', '-x', 'c++', '-']


def compile_alone(compiler, folder, header):
    """The compiler's complaints; empty where there are none. Included twice: that needs #pragma once."""
    name = os.path.relpath(header, folder)
    program = f'#include <{name}>\n#include <{name}>\nint main() {{}}\n'
    done = subprocess.run([compiler, '-I' + folder] + FLAGS, input=program, capture_output=True, text=True, timeout=120)
    return name, done.stderr if done.returncode != 0 else ''


def main(compiler, folder, headers):
    print(f'1..{len(headers)}')
    failed = not headers
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for number, (name, wrong) in enumerate(pool.map(lambda h: compile_alone(compiler, folder, h), headers), 1):
            print('\n'.join(wrong.splitlines()[:30]), file=sys.stderr, end='\n' if wrong else '')
            print(f"{'not ok' if wrong else 'ok'} {number} - <{name}> compiles alone")
            failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == '__main__':
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
