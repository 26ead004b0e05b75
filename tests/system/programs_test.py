"""The programs of tests/programs, each on a bus with real counterparts: what a user's program is promised is what it gets."""
import base64
import os
import re
import resource
import shutil
import signal
import struct
import subprocess

from cli_support import *  # noqa: F403

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = os.path.join(ROOT, 'tests', 'programs')
PROGRAMS = os.environ.get('BUS_TEST_PROGRAMS', os.path.join(ROOT, 'build', 'tests', 'programs'))
DEMO = os.path.join(SOURCES, 'demo.proto')
ALL = sorted(name for name in os.listdir(SOURCES) if name.endswith('.cpp'))
BY_FRAME_BYTES = 3 << 20  # what 06 publishes of its room


def program(bus, number):
    """Starts the one with that number, in the bus's folder. Its lines come at once, also through a pipe."""
    name = next(name for name in ALL if name.startswith(number)).removesuffix('.cpp')
    return bus.start_program('stdbuf', '-oL', os.path.join(PROGRAMS, name), cwd=bus.folder)


def feed(bus, topic, *lines, kind='demo.Pose', readers=1):
    """A publisher that waits for so many readers, then publishes the lines; and what is sent to it later."""
    proto = () if kind == 'bytes' else ('--proto', DEMO)
    publisher = bus.start('topic', 'pub', topic, '--stdin', '--type', kind, *proto, '-w', str(readers))
    for line in lines:
        publisher.send(line + '\n')
    return publisher


def stream(bus, topic, message, *more):
    """Publishes the same message again and again: who comes at any time gets one soon."""
    publisher = bus.start('topic', 'pub', topic, message, '-r', '200', *more)
    bus.run('wait', 'topic', topic, '--publishers', '1', '-t', '20s')
    return publisher


def echo(bus, topic, *more):
    """A reader that is there before the topic is."""
    reader = bus.start('topic', 'echo', topic, '--json', *more)
    check('waiting' in reader.error_line())
    return reader


def topic_of(bus, name):
    """What `bus topic info` says of it; None where it isn't there."""
    info = bus.run('topic', 'info', name, '--json', status=None)
    return json.loads(info.stdout)['topics'][0] if info.returncode == DONE else None


def words(running, status):
    """Its words at its end, which must have that status."""
    got, _, err = running.end()
    check(got == status, f'status {got}, wanted {status}; stderr: {err}')
    return err


# ---- 01: every error looked at

def test_01_publishes_only_once_a_subscriber_is_there_and_reads_its_own_message_as_history(bus):
    running = program(bus, '01')
    bus.run('wait', 'topic', 'robot/pose', '--publishers', '1', '-t', '20s')
    reader = bus.start('topic', 'echo', 'robot/pose', '--json')
    first = reader.json()
    equal((first['sequence'], first['type'], first['message']['x']), (1, 'demo.Pose', 1.0), 'asked for no history, and got the first')
    equal(running.line(), 'robot/pose: 1')
    feed(bus, 'robot/pose', '{"x":2.5}', readers=2)
    equal(running.line(), 'robot/pose: 2.5')
    equal(running.process.poll(), None)
    bus.stop()
    err = words(running, 1)
    check('has ended' in err and len(err.splitlines()) >= 2, 'what and hint:', err)


def test_01_gives_up_after_5_seconds_without_a_subscriber_and_has_published_nothing(bus):
    running = program(bus, '01')
    bus.run('wait', 'topic', 'robot/pose', '--publishers', '1', '-t', '20s')
    equal(topic_of(bus, 'robot/pose')['publishers'][0]['sequence'], 0)
    equal(words(running, 1), 'timeout\n\n', 'nothing is wrong with the bus: no numbers, no hint')


@without_broker
def test_01_ends_with_4_and_the_next_command_to_try_where_there_is_no_broker(bus):
    err = words(program(bus, '01'), 4)
    check(bus.runtime in err and 'busd' in err, err)


def test_01_is_told_each_field_that_differs_where_the_topic_is_of_another_version(bus):
    bus.publisher('robot/pose')  # of the demo.Pose of cli_support: `heading` is an integer there
    err = words(program(bus, '01'), 1)
    check('demo.Pose' in err and 'heading' in err and 'count' in err, err)


# ---- 02: in a hurry

def test_02_gets_what_it_retained_itself_and_leaves_it_to_latecomers(bus):
    running = program(bus, '02')
    equal(running.line(), '1.5 9', 'x, and bytes: a tag and a double')
    words(running, 0)
    for _ in range(2):
        kept = json.loads(bus.run('topic', 'echo', 'robot/pose', '--once', '--json', '-t', '20s').stdout)
        equal((kept['message']['x'], kept['sequence']), (1.5, 1), 'its publisher is gone')


# ---- 03: callbacks, timer, Ctrl-C

def test_03_runs_its_callbacks_counts_every_second_and_ends_on_sigint(bus):
    running = program(bus, '03')
    poses = feed(bus, 'robot/pose', '{"x":1}', '{"x":2}', '{"x":3}')
    feed(bus, 'jobs/seen', '{"path":"a/b"}', kind='demo.Job')
    lines = []
    while not ('a/b' in lines and '3 kept, 0 lost' in lines):
        lines.append(running.line())
        check(lines[-1] == 'a/b' or re.fullmatch(r'[0-3] kept, 0 lost', lines[-1] or ''), lines)
    poses.send('{"x":4}\n')
    while lines[-1] != '4 kept, 0 lost':
        lines.append(running.line())
    equal(lines.count('a/b'), 1)
    equal(poses.end()[0], DONE)
    told = running.error_line()
    while not told.startswith('robot/pose: '):  # its publisher left
        check(told.startswith('jobs/seen: '), 'an event names its object:', told)
        told = running.error_line()
    running.signal(signal.SIGINT)
    words(running, 0)


# ---- 04: epoll

def test_04_receives_through_both_descriptors_sleeps_between_and_runs_until_killed(bus):
    running = program(bus, '04')
    poses = feed(bus, 'robot/pose', '{"x":1}', '{"x":2}')
    jobs = feed(bus, 'jobs/seen', '{"path":"a"}', kind='demo.Job')
    wait_until(lambda: has_read(bus, running, 'robot/pose', 2), 'two poses to be read')
    wait_until(lambda: has_read(bus, running, 'jobs/seen', 1), 'the job to be read')
    wait_until(lambda: state_of(running) == 'S', 'it to sleep: a descriptor that stays readable would keep it running')
    poses.send('{"x":3}\n')
    jobs.send('{"path":"b"}\n{"path":"c"}\n')
    wait_until(lambda: has_read(bus, running, 'robot/pose', 3) and has_read(bus, running, 'jobs/seen', 3), 'it to wake and read the rest')
    equal(running.process.poll(), None)
    running.signal(signal.SIGTERM)
    words(running, -signal.SIGTERM)


def test_04_is_woken_by_the_end_of_the_bus(bus):
    running = program(bus, '04')
    feed(bus, 'jobs/seen', '{"path":"a"}', kind='demo.Job')
    wait_until(lambda: has_read(bus, running, 'jobs/seen', 1), 'it to be in its loop')
    bus.stop()
    words(running, 1)


def has_read(bus, running, topic, count):
    """It is the one subscriber of the topic's one publisher, and lost nothing."""
    readers = (topic_of(bus, topic) or {}).get('subscribers')
    return readers and [(s['pid'], [p['sequence'] for p in s['progress']], s['lost']) for s in readers] == [(running.pid, [count], 0)]


def state_of(running):
    with open(f'/proc/{running.pid}/stat', encoding='ascii', errors='replace') as file:
        return file.read().rpartition(')')[2].split()[0]


# ---- 05: types unknown

def logged(running):
    """The four lines of a pose: topic, type and bytes; fields; text; JSON."""
    return [running.line() for _ in range(4)]


def test_05_logs_what_it_never_heard_of_and_replays_the_last_when_its_log_ends(bus):
    shutil.copy(DEMO, os.path.join(bus.folder, 'pose.proto'))
    running = program(bus, '05')
    replayed = echo(bus, 'replay/pose')
    feed(bus, 'robot/pose', '{"x":2.5}')
    equal(logged(running), ['robot/pose demo.Pose 9', '3 fields', 'x: 2.5', '{"x":2.5,"y":0,"heading":0}'])
    feed(bus, 'robot/raw', '"AAEC"', kind='bytes')
    equal([running.line() for _ in range(2)], ['robot/raw  3', 'no protobuf'])
    unreadable_ring(bus, running)
    line = replayed.json()
    equal((line['type'], line['message']['x'], line['origin']['sequence']), ('demo.Pose', 2.5, 7))
    status, out, err = running.end()
    equal(status, 0, err)
    check({'robot/pose demo.Pose', 'robot/raw '} <= {line.rpartition(' ')[0] for line in out.splitlines()}, out)


def unreadable_ring(bus, running):
    """Ends a receive() while the bus goes on: a publisher whose ring can't be read is an error, said once. Here it is too large."""
    with open(f'/proc/{running.pid}/statm', encoding='ascii') as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.prlimit(running.pid, resource.RLIMIT_AS, (used + (24 << 20),) * 2)  # room for a ring of its own, not for 64 MiB
    bus.start('topic', 'pub', 'robot/large', '--stdin', '--type', 'bytes', '--ring', '64M').send('"AA=="\n')


def test_05_learns_of_the_end_of_the_bus_as_any_other(bus):
    shutil.copy(DEMO, os.path.join(bus.folder, 'pose.proto'))
    running = program(bus, '05')
    feed(bus, 'robot/pose', '{"x":2.5}')
    logged(running)
    bus.stop()
    check('has ended' in words(running, -signal.SIGABRT), 'the exception of publisher().value() says why')


# ---- 06: frames written in place

def test_06_publishes_the_used_half_of_its_room_and_nothing_of_what_it_gave_up(bus):
    reader = echo(bus, 'camera/raw')
    running = program(bus, '06')
    equal(running.line(), '1')
    frame, text = reader.json(), reader.json()
    equal((frame['sequence'], frame['lost'], text['sequence'], text['lost']), (1, 0, 2, 0))
    check(base64.b64decode(frame['message']) == b'\1' * BY_FRAME_BYTES, 'the frame')
    equal(base64.b64decode(text['message']), b'plain bytes too')
    equal(running.line(), None, 'nobody published while it listened')
    words(running, 0)


def test_06_tells_the_age_of_what_it_receives(bus):
    stream(bus, 'camera/raw', '"AAEC"', '--type', 'bytes')
    running = program(bus, '06')
    equal(running.line(), '1')
    line = running.line()
    check(re.fullmatch(r'3 0x[0-9a-f]+ [0-9]+ ns old, 0 dropped', line or ''), line)
    words(running, 0)


# ---- 07: a plain struct

def test_07_publishes_structs_and_receives_them_from_others(bus):
    reader = echo(bus, 'imu')
    running = program(bus, '07')
    lines = [reader.json(), reader.json()]
    equal([line['type'] for line in lines], ['imu.Sample.v1'] * 2)
    t, *rest = struct.unpack('<d6f', base64.b64decode(lines[0]['message']))
    equal((t, rest[0], rest[1], round(rest[2], 5), rest[3:]), (1.0, 0.0, 0.0, 9.8, [0.0] * 3))
    equal(base64.b64decode(lines[1]['message']), bytes(32), 'written through the loan')
    equal(running.line(), None, 'nobody published while it listened')
    words(running, 0)
    struct_bytes = base64.b64encode(struct.pack('<d6f', 3, 0, 0, 4.5, 0, 0, 0)).decode()
    first = program(bus, '07')  # makes the topic, of its type
    stream(bus, 'imu', f'"{struct_bytes}"')
    second = program(bus, '07')
    equal(second.line(), '4.5')
    words(first, 0)
    words(second, 0)


# ---- all of them

@without_broker
def test_clang_16_has_nothing_to_say_of_any(bus):
    compiler = shutil.which('clang++-16')
    if not compiler:
        raise Skipped('no clang++-16 here')  # noqa: F405
    equal(len(ALL), 8)
    subprocess.run(['protoc', '--proto_path=' + SOURCES, '--cpp_out=' + bus.folder, DEMO], check=True)
    flags = ['-fsyntax-only', '-std=c++20', '-Wall', '-Wextra', '-Werror', '-I' + os.path.join(ROOT, 'libbus', 'include'), '-I' + bus.folder]
    for name in ALL:
        done = subprocess.run([compiler, *flags, os.path.join(SOURCES, name)], capture_output=True, text=True, check=False)
        check(done.returncode == 0, name, done.stderr)


if __name__ == '__main__':
    main(globals())
