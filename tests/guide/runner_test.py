"""The guide's runner finds what is wrong: each seeded page must fail, each of its marks be read."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(os.path.dirname(HERE), 'system')]
import expect  # noqa: E402
import parse  # noqa: E402
from cli_support import *  # noqa: E402, F403

BUILD = os.environ['BUS_TEST_BUILD']


def page_of(bus, text, name='page.md'):
    path = os.path.join(bus.folder, name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


def parsed(bus, text):
    return parse.blocks(page_of(bus, text), 'page.md')


def refused(bus, text, why):
    try:
        parsed(bus, text)
    except parse.BadPage as error:
        check(why in str(error), error)
    else:
        check(False, 'not refused:', text)


def expected(text, marks=''):
    return parse.Block('page.md', 1, 'text ' + marks, text)


def followed(bus, *pages, patience=PATIENCE):
    """Status, stdout and stderr of run.py on such pages. Where one is to fail, what never comes is not waited for long."""
    paths = [page_of(bus, text, f'page{number}.md') for number, text in enumerate(pages)]
    command = [sys.executable, os.path.join(HERE, 'run.py'), BUILD, *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False,
                          env=dict(os.environ, BUS_GUIDE_PATIENCE=str(patience)))
    return done.returncode, done.stdout, done.stderr


@without_broker
def test_a_page_that_nobody_could_follow_is_refused(bus):
    refused(bus, '# words\n', 'no block')
    refused(bus, '```\nls\n```\n', 'no mark')
    refused(bus, '```sh\nls\n', 'no end')
    refused(bus, '```sh\nif true; then\n```\n', 'no end')
    refused(bus, '```sh\nfi\n```\n', 'bash says')
    refused(bus, '```cpp\nint main() {}\n```\n', 'tried by nobody')
    refused(bus, '```sh color\nls\n```\n', 'unknown mark: color')
    refused(bus, '```sh norun=\nls\n```\n', 'says why')
    refused(bus, '```cpp file=a/b\n```\n', 'without a slash')
    refused(bus, '```text\nwords\n```\n', 'there is none')


@without_broker
def test_commands_of_many_lines_are_one_and_say_their_status(bus):
    block, = parsed(bus, '''```sh
# a remark
cat <<END
one
END
false |
    true
ls \\
    /none   # status 2

doctor # status 0 or 1
```
''')
    equal([command.text.splitlines()[0] for command in block.commands], ['cat <<END', 'false |', 'ls \\', 'doctor # status 0 or 1'])
    equal([command.statuses for command in block.commands], [[0], [0], [2], [0, 1]])
    equal([command.line for command in block.commands], [3, 6, 8, 11])


@without_broker
def test_what_varies_may_vary_and_nothing_else(bus):
    check(expect.fits(expected('pid …, up\n'), 'pid 17, up\n'))
    check(not expect.fits(expected('pid …, up\n'), 'pid 17, down\n'))
    check(expect.fits(expected('A  B\n 1  2\n'), 'A    B\n1    2\n\n'), 'columns')
    check(expect.fits(expected('first\n…\nlast\n'), 'first\nlast\n') and expect.fits(expected('first\n…\nlast\n'), 'first\n1\n2\nlast\n'))
    check(not expect.fits(expected('a\nb\n'), 'b\na\n'), 'another order')
    check(expect.fits(expected('a\nb\n', 'any-order'), 'b\na\n'))
    check(not expect.fits(expected('a\nb\n', 'any-order'), 'b\na\nc\n'), 'one more line')
    check(not expect.fits(expected('a\na\n', 'any-order'), 'a\n'), 'a line that came once')
    check(not expect.fits(expected('.*\n'), 'words\n'), 'a regular expression')


@without_broker
def test_a_page_that_is_right_passes_and_state_goes_on(bus):
    status, out, err = followed(bus, '''
```sh
busd --detach
cd /; there=$PWD
```
```sh
echo "$there" $(pwd); cat     # stdin is empty
false     # status 1
busd --stop
```
```text
/ /
```
```sh needs='no verb'
false
```
```sh norun='never'
false
```
```sh where='test 1 = 2'
false
```
```sh where='test 1 = 1'
true
```
''')
    equal((status, err), (0, ''))
    equal([line.partition(' - ')[0] for line in out.splitlines() if not line.startswith('#')], ['1..7'] + [f'ok {n}' for n in range(1, 8)])
    check('# SKIP bus has no no verb' in out and '# SKIP never' in out and '# SKIP this host does not allow: test 1 = 2' in out, out)


@without_broker
def test_a_wrong_status_a_wrong_output_and_what_is_left_are_found(bus):
    status, out, err = followed(bus, '```sh\ntrue\nfalse\n```\n```sh\ntrue\n```\n',
                                '```sh\nbusd --detach\nsleep 1000 &\n```\n', patience=1)
    equal(status, 1)
    check('page0.md:3: status 1, the page says [0]' in err, err)
    check('ok 2 - page0.md:5: true # SKIP' in out, out)
    check('not ok 5 - page1.md: nothing is left' in out, out)
    for left in ('busd --detach', 'sleep 1000', 'shm ', 'msg ', 'sem ', 'default/ready'):
        check(left in err, 'not found:', left, err)
    status, out, err = followed(bus, '```sh\necho right\n```\n```text\nwrong\n```\n', patience=1)
    equal(status, 1)
    check('the page says:\nwrong\nit wrote:\nright' in err, err)


if __name__ == '__main__':
    main(globals())
