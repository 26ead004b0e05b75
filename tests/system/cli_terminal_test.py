"""The command on terminals of several sizes: tables that fit, help that fits, colours, questions, progress, Ctrl-C, a terminal that goes away."""
import re
import signal

from cli_support import *  # noqa: F403
from terminal import Terminal

SIZES = ((24, 80), (10, 40), (50, 200))
LONG = 'plant/hall-7/robot/arm-1/gripper/finger-left/pressure'


def shown(bus, lines, columns, *arguments, status=DONE):
    """The rows of a command that ends by itself, all of them: the screen is as long as it needs."""
    terminal = Terminal(bus, 400, columns, *arguments)
    equal(terminal.end(), status, arguments)
    return terminal.rows()


def widest_line(bus, lines, columns, *arguments):
    """The longest line that it wrote, before the terminal wrapped it."""
    terminal = Terminal(bus, lines, columns, *arguments, env={'NO_COLOR': '1'})
    equal(terminal.end(), DONE, arguments)
    written = terminal.written.decode().replace('\r\n', '\n')
    check(written, arguments)
    return max(written.splitlines(), key=len)


def test_tables_fit_each_terminal_and_numbers_are_whole(bus):
    publishers = [bus.publisher(LONG), bus.publisher('t')]
    bus.start('topic', 'echo', LONG, 't', '--reliable')
    bus.listening('t')
    for lines, columns in SIZES:
        for arguments in (('topic', 'ls'), ('topic', 'info', LONG), ('client', 'ls'), ('client', 'info', '1'), ('ipc',), ('dump',), ()):
            if arguments == ('client', 'info', '1'):
                arguments = ('client', 'info', str(bus.json('client', 'ls')['clients'][0]['id']))
            widest = widest_line(bus, lines, columns, *arguments)
            if arguments[-1:] not in ((), ('dump',), (LONG,)) and arguments[1:2] != ('info',):  # those write sentences too, which wrap
                check(len(widest) <= columns, columns, arguments, widest)
            equal([row for row in shown(bus, lines, columns, *arguments) if '\x1b' in row], [])
    check(all(p.process.poll() is None for p in publishers))


def test_a_narrow_topic_list_keeps_what_matters(bus):
    publisher = bus.publisher(LONG)
    title, row = shown(bus, 10, 40, 'topic', 'ls')
    check(title.startswith('TOPIC') and 'PUB' in title and 'MSG/S' in title, title)
    check('OBS' not in title, 'observers are the first to go:', title)
    check('…' in row and row.startswith('plan'), row)
    title, row = shown(bus, 50, 200, 'topic', 'ls')
    check('OBS' in title and row.startswith(LONG), title, row)
    rows = shown(bus, 10, 40, 'topic', 'ls', '--wide')
    check(LONG in ''.join(rows), 'whole, over several rows:', rows)
    check(publisher.process.poll() is None)


def test_the_same_screen_each_time(bus):
    publisher = bus.publisher('t', kind='demo.Pose')
    bus.start('topic', 'echo', 't')
    bus.listening('t')
    rows = shown(bus, 24, 80, 'topic', 'ls')
    equal(rows[0].split(), ['TOPIC', 'TYPE', 'PUB', 'SUB', 'OBS', 'MSG/S', 'BYTES/S', 'LOST'])
    equal(rows[1].split()[:5], ['t', 'demo.Pose', '1', '0', '1'])
    check(publisher.process.poll() is None)


def test_help_fits(bus):
    for lines, columns in SIZES:
        for arguments in (('--help',), ('topic', '--help'), ('topic', 'echo', '--help'), ('topic', 'pub', '--help'), ('help', 'topics'), ('help', 'status')):
            rows = shown(bus, lines, columns, *arguments)
            if columns >= 80:
                check(all(len(row) <= columns for row in rows), columns, arguments)
            check(any('topic' in row for row in rows), arguments)


def test_colours_are_for_terminals_that_want_them(bus):
    bus.publisher('t')
    coloured = Terminal(bus, 24, 80, 'topic', 'ls')
    equal(coloured.end(), DONE)
    check(b'\x1b[1m' in coloured.written, coloured.written)
    for env in ({'NO_COLOR': '1'}, {'TERM': 'dumb'}):
        plain = Terminal(bus, 24, 80, 'topic', 'ls', env=env)
        equal(plain.end(), DONE)
        check(b'\x1b' not in plain.written, env, plain.written)
    check('\x1b' not in bus.run('topic', 'ls').stdout, 'no colour in a pipe')


def test_no_message_reaches_the_terminal_as_a_command(bus):
    publisher = bus.publisher('t')
    echo = Terminal(bus, 24, 80, 'topic', 'echo', 't', '--field', 'text', '-n', '1')
    bus.listening('t')
    publisher.send('{"text":"\\u001b[2Jgone\\u0007"}\n')
    equal(echo.end(), DONE)
    check(b'\x1b[2J' not in echo.written and b'gone' in echo.written, echo.written)


def test_rm_and_evict_ask_and_take_no_for_an_answer(bus):
    holder = bus.start('topic', 'echo', 'kept/**')
    wait_until(lambda: bus.json()['observers'] == 1, 'the holder')
    bus.pub('kept/a', '{}', '--retain')
    ask = Terminal(bus, 24, 80, 'topic', 'rm', 'kept/a')
    ask.until(lambda rows: any("remove topic 'kept/a'? [y/N]" in row for row in rows), 'the question')
    ask.type('n\n')
    equal(ask.end(), DONE)
    equal(bus.run('topic', 'ls', 'kept/a').returncode, DONE, 'it is there still')
    ask = Terminal(bus, 24, 80, 'topic', 'rm', 'kept/a')
    ask.until(lambda rows: any('[y/N]' in row for row in rows), 'the question')
    ask.type('y\n')
    ask.until(lambda rows: any('removed kept/a' in row for row in rows), 'that it was done')
    equal(ask.end(), DONE)
    client = bus.json('client', 'ls')['clients'][0]['id']
    ask = Terminal(bus, 24, 80, 'client', 'evict', str(client))
    ask.until(lambda rows: any('evict client' in row and '[y/N]' in row for row in rows), 'the question')
    ask.type('\x03')
    equal(ask.end(), INTERRUPTED)
    equal(len(bus.json('client', 'ls')['clients']), 1)
    check(holder.process.poll() is None)


def test_ctrl_c_is_the_ordinary_end_of_a_stream_and_shows_the_summary(bus):
    publisher = bus.publisher('t')
    echo = Terminal(bus, 24, 80, 'topic', 'echo', 't')
    bus.listening('t')
    publisher.send('{"x":1}\n')
    echo.until(lambda rows: any('"x":1' in row for row in rows), 'the message')
    echo.type('\x03')
    equal(echo.end(), DONE)
    check(any('1 message' in row for row in echo.rows()), echo.rows())


def test_progress_is_shown_after_a_while_and_wiped_away(bus):
    wait = Terminal(bus, 24, 80, 'wait', 'topic', 'late')
    wait.until(lambda rows: any("waiting for topic 'late'" in row for row in rows), 'the progress')
    bus.publisher('late')
    equal(wait.end(), DONE)
    equal(wait.rows(), [], 'the line was wiped away')


def test_progress_cut_to_the_width_stays_one_line(bus):
    wait = Terminal(bus, 10, 40, 'wait', 'topic', LONG)
    rows = wait.until(lambda rows: rows and 'waiting' in rows[0] and rows, 'the progress')
    equal(len(rows), 1)
    wait.type('\x03')
    equal(wait.end(), INTERRUPTED)


def test_a_terminal_that_goes_away_ends_everything(bus):
    publisher = bus.publisher('t')
    for arguments in (('topic', 'echo', 't'), ('topic', 'hz', 't'), ('wait', 'topic', 'never'), ('dump', '-m')):
        verb = Terminal(bus, 24, 80, *arguments)
        if arguments[1] in ('echo', 'hz'):
            bus.listening('t')
        else:
            wait_until(lambda verb=verb: catches(verb.process.pid, signal.SIGINT), 'its handlers')
        verb.hang_up()
        status = verb.process.wait(PATIENCE)
        check(status in (DONE, -signal.SIGHUP, INTERRUPTED, ERROR), arguments, status)
        wait_until(lambda: len(bus.json('client', 'ls')['clients']) == 1, 'only the publisher')
    check(publisher.process.poll() is None)


def catches(pid, number):
    with open(f'/proc/{pid}/status', encoding='ascii', errors='replace') as file:
        mask = re.search(r'^SigCgt:\s*(\w+)', file.read(), re.MULTILINE).group(1)
    return int(mask, 16) >> (number - 1) & 1


if __name__ == '__main__':
    main(globals())
