"""The example's log follower: each line once, also through rotation and truncation, and an end whenever it should."""
import os
import signal
import subprocess

from cli_support import *  # noqa: F403

FOLLOW = os.environ.get('BUS_TEST_FOLLOW', 'telemetry-follow')


def follower(bus, log, stdin=subprocess.DEVNULL):
    """telemetry-follow, once it publishes."""
    process = subprocess.Popen([FOLLOW, log], env=bus.environment, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0)
    running = Running(process)
    bus.running.append(running)
    bus.run('wait', 'topic', 'log/' + ('stdin' if log == '-' else os.path.basename(log)), '-t', '20s')
    return running


def append(log, text, mode='a'):
    with open(log, mode, encoding='ascii') as file:
        file.write(text)


def listener(bus, topic):
    echo = bus.start('topic', 'echo', topic, '--reliable', '--history', '100', '--field', 'text')
    bus.listening(topic)
    return echo


def test_a_log_is_followed_when_it_grows_is_emptied_and_is_replaced(bus):
    log = os.path.join(bus.folder, 'a.log')
    append(log, 'there\nhalf a ')
    running = follower(bus, log)
    echo = listener(bus, 'log/a.log')
    equal(echo.line(), 'there')
    append(log, 'line\n')
    equal(echo.line(), 'half a line')
    append(log, 'new\n', mode='w')
    equal(echo.line(), 'new')
    os.rename(log, log + '.1')
    append(log, 'rotated\n')
    equal(echo.line(), 'rotated')
    running.signal(signal.SIGTERM)
    equal(running.end()[0], 0)


def test_standard_input_is_followed_to_its_end(bus):
    running = follower(bus, '-', stdin=subprocess.PIPE)
    echo = listener(bus, 'log/stdin')
    running.send('one\ntwo')
    equal(echo.line(), 'one')
    equal(running.end()[0], 0)
    equal(echo.line(), 'two')


def test_a_signal_ends_a_follower_that_waits(bus):
    log = os.path.join(bus.folder, 'a.log')
    append(log, 'one\n')
    for number in (signal.SIGINT, signal.SIGTERM):
        running = follower(bus, log)
        running.signal(number)
        equal(running.end()[0], 0, number)
        running = follower(bus, '-', stdin=subprocess.PIPE)
        running.signal(number)
        equal(running.process.wait(PATIENCE), 0, number)


def test_the_end_of_the_bus_ends_a_follower_of_a_log_that_does_not_grow(bus):
    log = os.path.join(bus.folder, 'a.log')
    append(log, 'one\n')
    followers = [follower(bus, log), follower(bus, '-', stdin=subprocess.PIPE)]
    bus.stop()
    for running in followers:
        equal(running.process.wait(PATIENCE), ERROR)
        check('has ended' in running.errors_so_far())


if __name__ == '__main__':
    main(globals())
