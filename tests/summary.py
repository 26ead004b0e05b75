#!/usr/bin/python3
"""Counts single test cases of one `meson test` run, shows the log of each program that failed.

usage: summary.py BUILD_FOLDER LOGBASE      last line: PASSED FAILED SKIPPED

The .json knows every program and how it ended, the .junit.xml the cases inside (GoogleTest, TAP). A program that died, ran too long or
failed without a failed case (a leak at exit) counts as one failure of its own."""
import json
import os
import sys
import xml.etree.ElementTree as xml

SHOWN_LINES = 150
GOOD = ('OK', 'EXPECTEDFAIL')


def cases(junit, name):
    """Passed, failed, skipped cases inside one program; all 0 where its cases are not known."""
    passed = failed = skipped = 0
    for suite in junit.findall('testsuite'):
        if suite.get('name') != 'bus.' + name and not suite.get('name').startswith(f'bus.{name}.'):
            continue
        bad, left_out = int(suite.get('failures', 0)) + int(suite.get('errors', 0)), int(suite.get('skipped', 0))
        failed, skipped = failed + bad, skipped + left_out
        passed += int(suite.get('tests')) - bad - left_out - int(suite.get('disabled', 0))
    return passed, failed, skipped


def count(program, junit):
    """Passed, failed, skipped of one program, given as a line of the .json."""
    passed, failed, skipped = cases(junit, program['name'])
    result = program['result']
    if result == 'EXPECTEDFAIL':
        return 1, 0, 0
    if result == 'SKIP' and not skipped:
        return 0, 0, 1
    if result in GOOD + ('SKIP',):
        return (passed, failed, skipped) if passed + failed + skipped else (1, 0, 0)
    return passed, max(failed, 1), skipped


def show(program):
    print(f"\n---- {program['name']}: {program['result']}, exit status {program['returncode']}")
    text = program.get('stdout', '') + program.get('stderr', '')
    lines = text.splitlines()
    if len(lines) > SHOWN_LINES:
        print(f'(the last {SHOWN_LINES} of {len(lines)} lines)')
    print('\n'.join(lines[-SHOWN_LINES:]))


def summarize(folder, logbase):
    base = os.path.join(folder, 'meson-logs', logbase)
    junit = xml.parse(base + '.junit.xml').getroot() if os.path.exists(base + '.junit.xml') else xml.Element('testsuites')
    total = [0, 0, 0]
    with open(base + '.json', encoding='utf-8') as file:
        for program in map(json.loads, file):
            counted = count(program, junit)
            total = [sum(pair) for pair in zip(total, counted)]
            if counted[1]:
                show(program)
    return total


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(*summarize(sys.argv[1], sys.argv[2]))
