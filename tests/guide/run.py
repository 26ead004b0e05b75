#!/usr/bin/python3
"""run.py BUILD_FOLDER PAGE...: follows pages of the guide from top to bottom, as a reader types them.

The tree is installed from BUILD_FOLDER into a folder that is removed afterwards. Each block is a case: a file is written, a command must
end with its status and write what the page says. At the end of a page nothing may be left: no process, no kernel object."""
import os
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(os.path.dirname(HERE), 'system')]
import cli_support  # noqa: E402
import expect  # noqa: E402
import parse  # noqa: E402
from cli_support import Failure, alone, check, wait_until  # noqa: E402
from place import Place  # noqa: E402
from shell import Shell  # noqa: E402

MANY = 60  # lines of output in the words of a failure


class Skipped(Exception):
    """A block that is not followed here; says why."""


def lacks(block, environment):
    """What of needs='VERB --OPTION' this `bus` has not."""
    words = block.keys.get('needs', '').split()
    verb = [word for word in words if not word.startswith('--')]
    options = words[len(verb):]
    if not words:
        return ''

    def help_of(*arguments):
        done = subprocess.run(['bus', *arguments, '--help'], env=environment, capture_output=True, text=True, check=False)
        return done.stdout
    listed = [line.split() for line in help_of().splitlines()]
    if not any(line[:len(verb) + 1] == ['bus', *verb] for line in listed):
        return f'bus has no {" ".join(verb)}'
    missing = [option for option in options if option not in help_of(*verb)]
    return f'bus {" ".join(verb)} has no {", ".join(missing)}' if missing else ''


def shown(output):
    """As much of it as helps."""
    lines = output.splitlines()
    return '\n'.join(lines[:MANY] + ['(and so on)'] * (len(lines) > MANY))


def follow_commands(block, shell):
    for command in block.commands:
        status = shell.run(command.text)
        check(status in command.statuses, f'{block.page}:{command.line}: status {status}, the page says {command.statuses}:\n'
              f'{command.text}it wrote:\n{shown(shell.output())}')
    if block.expected:
        try:
            wait_until(lambda: expect.fits(block.expected, shell.output()), 'the output')
        except Failure:
            raise Failure(f'{block.page}:{block.expected.line}: the page says:\n{block.expected.body}it wrote:\n{shown(shell.output())}') from None
    written = shell.output()
    shell.taken()
    return written


def follow(block, place, shell):
    if 'norun' in block.keys:
        raise Skipped(block.keys['norun'])
    lack = lacks(block, place.environment)
    if lack:
        raise Skipped(lack)
    where = block.keys.get('where')
    if where and subprocess.run(['bash', '-c', where], env=place.environment, capture_output=True, check=False).returncode != 0:
        raise Skipped(f'this host does not allow: {where}')
    if 'file' in block.keys:
        with open(os.path.join(place.home, block.keys['file']), 'w', encoding='utf-8') as file:
            file.write(block.body)
        return ''
    return follow_commands(block, shell)


class Tap:
    def __init__(self):
        self.number, self.failed = 0, False

    def case(self, title, run):
        """run() is one case. Returns: whether it went well."""
        self.number += 1
        try:
            for line in (run() or '').splitlines():
                print('#   ' + line)
            print(f'ok {self.number} - {title}', flush=True)
        except Skipped as why:
            print(f'ok {self.number} - {title} # SKIP {why}', flush=True)
        except Exception as error:
            self.failed = True
            if isinstance(error, Failure):
                print(error, file=sys.stderr)
            else:
                traceback.print_exc()
            print(f'not ok {self.number} - {title}', flush=True)
            return False
        return True


def nothing_left(place, shell):
    left = place.left(shell)
    check(not left, 'left behind:\n' + '\n'.join(left))


def follow_page(tap, build, page, blocks):
    with tempfile.TemporaryDirectory(prefix='bus-guide-') as folder:
        place = Place(build, folder)
        shell = Shell(folder, place.environment)
        try:
            well = True
            for block in blocks:
                title = block.title()
                if well:
                    well = tap.case(title, lambda block=block: follow(block, place, shell))
                else:
                    tap.case(title, skip_after_failure)
            tap.case(f'{page}: nothing is left', (lambda: nothing_left(place, shell)) if well else skip_after_failure)
        finally:
            shell.end()
            place.clear()


def skip_after_failure():
    raise Skipped('what stands before it failed')


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    alone()
    cli_support.PATIENCE = float(os.environ.get('BUS_GUIDE_PATIENCE', cli_support.PATIENCE))
    pages = {}
    for path in arguments[1:]:
        try:
            pages[os.path.basename(path)] = parse.blocks(path, os.path.basename(path))
        except parse.BadPage as error:
            sys.exit(f'{error}')
    print(f'1..{sum(len(blocks) + 1 for blocks in pages.values())}', flush=True)
    tap = Tap()
    for page, blocks in pages.items():
        follow_page(tap, os.path.abspath(arguments[0]), page, blocks)
    sys.exit(1 if tap.failed else 0)


if __name__ == '__main__':
    main(sys.argv[1:])
