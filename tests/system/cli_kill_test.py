#!/usr/bin/python3
"""kill -9 and ipcrm as a user types them, while `bus topic pub` and `bus topic echo` run: the stream goes on, the next busd knows everything,
nothing crashes, nothing is left."""
from cli_support import *  # noqa: F403

RATE = '1000'


def stream(bus, *more):
    """A publisher of a thousand messages a second, and a reliable reader; both run."""
    publisher = bus.start('topic', 'pub', 'robot/x', '{"count":1}', '--type', 'demo.Pose', '--proto', bus.proto, '-r', RATE, '--ring', '64K', '-q')
    waited = bus.run('wait', 'topic', 'robot/x', '-t', '20s', status=None)
    check(waited.returncode == DONE, 'nobody publishes:', waited.stderr, publisher.errors_so_far())
    reader = bus.start('topic', 'echo', 'robot/x', '--reliable', '--json', *more)
    bus.listening('robot/x')
    return publisher, reader


def sequences(reader, count):
    return [reader.json()['sequence'] for _ in range(count)]


def clients(bus, status=DONE):
    listed = bus.json('client', 'ls', status=status)['clients']
    return sorted((client['id'], client['name'], client['pid']) for client in listed)


def is_consecutive(numbers):
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def ends_well(running):
    """It was not killed by a signal of its own making, and says what happened where it failed."""
    status, _, errors = running.end()
    check(status >= 0, f'ended by signal {-status}: {errors}')
    check(status in (DONE, ERROR, NO_BROKER, INTERRUPTED), f'status {status}: {errors}')
    if status not in (DONE, INTERRUPTED):
        check(len(errors.strip()) > 20, f'an error without words: {errors!r}')
    return errors


def test_the_stream_goes_on_while_busd_is_dead_and_the_next_one_knows_everything(bus):
    publisher, reader = stream(bus)
    seen = sequences(reader, 500)
    before = (clients(bus), [topic['name'] for topic in bus.json('topic', 'ls')['topics']], kernel_objects())
    generation = bus.json()['broker']['generation']
    bus.stop(signal.SIGKILL)
    seen += sequences(reader, 1500)
    equal(clients(bus, status=NO_BROKER), before[0], 'clients while busd is dead')
    equal(bus.json(status=NO_BROKER)['broker']['alive'], False)
    equal(bus.error('topic', 'pub', 'new', '{}', '--type', 'demo.Pose', '--proto', bus.proto, '-t', '1s', status=NO_BROKER)['code'], 'no_broker')
    bus.serve()
    seen += sequences(reader, 500)
    equal((clients(bus), [topic['name'] for topic in bus.json('topic', 'ls')['topics']], kernel_objects()), before, 'after the next busd')
    equal(bus.json()['broker']['generation'], generation + 1)
    check('generation 2' in bus.run().stdout, 'the bare command does not show the generation')
    check(is_consecutive(seen), 'messages are missing, or came twice')
    reader.signal(signal.SIGINT)
    equal(reader.end()[0], DONE)
    publisher.signal(signal.SIGINT)
    equal(publisher.end()[0], DONE)


def test_a_client_that_is_killed_leaves_nothing_and_holds_nobody_up(bus):
    with_busd = kernel_objects()
    publisher, reader = stream(bus)
    other = bus.start('topic', 'echo', 'robot/x', '--reliable', '--json')
    bus.listening('robot/x', 2)
    objects = len(kernel_objects())
    other.signal(signal.SIGSTOP)
    wait_until(lambda: other.pid in held_up_by(bus), 'the stopped reader to be named')
    wait_until(lambda: [client for client in clients(bus) if client[2] == other.pid], 'a stopped client is taken for dead')
    other.signal(signal.SIGKILL)
    seen = sequences(reader, 2000)
    check(is_consecutive(seen), 'messages are missing')
    wait_until(lambda: len(kernel_objects()) == objects - 1, 'its cursors to go')
    publisher.signal(signal.SIGKILL)
    reader.signal(signal.SIGKILL)
    wait_until(lambda: not clients(bus) and not bus.json('topic', 'ls')['topics'], 'all to be gone')
    bus.stop()
    equal(kernel_objects(), [])
    check(len(with_busd) == 3, with_busd)
    bus.serve()


def held_up_by(bus):
    """The pids of those that `bus topic info` says hold the publisher of robot/x up."""
    topic = bus.json('topic', 'info', 'robot/x')['topics'][0]
    return [reader['pid'] for reader in topic['subscribers'] if any(one['holds_up'] for one in reader['progress'])]


# What ipcrm takes, and whether the stream goes on as if nothing had been. Without the last two the bus ends, and busd begins a new one.
KINDS = {'rendezvous': True, 'alive': True, 'tokens': True, 'lobby': False, 'requests': False, 'bells': True, 'attention': False,
         'cursors': False, 'arena': False, 'schemas': False, 'directory': False}


def begun(bus, later_than=''):
    """Whether a bus is served, one that began later than that: busd looks once a second whether all is there."""
    done = bus.run('--json', status=None)
    return done.returncode == DONE and json.loads(done.stdout)['broker']['since'] > later_than


def test_whatever_single_object_is_removed_nobody_crashes_and_a_new_stream_runs(bus):
    for use, goes_on in KINDS.items():
        publisher, reader = stream(bus)
        sequences(reader, 100)
        since = bus.json()['broker']['since'] if use in ('schemas', 'directory') else ''
        removed = [thing for thing in bus.json('ipc')['objects'] if thing['use'] == use and thing['exists']]
        check(removed, f'there is no {use}')
        letter = {'queue': 'q', 'segment': 'm', 'semaphores': 's'}[removed[0]['kind']]
        subprocess.run(['ipcrm', f'-{letter}', str(removed[0]['id'])], check=True)
        if goes_on:
            check(is_consecutive(sequences(reader, 1500)), f'{use}: messages are missing')
        wait_until(lambda: begun(bus, since), f'{use}: busd to serve')  # pylint: disable=cell-var-from-loop
        equal(bus.broker.poll(), None, f'{use}: busd ended')
        for running in (reader, publisher):
            running.signal(signal.SIGINT)
            ends_well(running)
        publisher, reader = stream(bus, '-n', '200')
        check(is_consecutive(sequences(reader, 200)), f'{use}: messages of the next stream are missing')
        equal(reader.end()[0], DONE)
        publisher.signal(signal.SIGINT)
        equal(publisher.end()[0], DONE)
        wait_until(lambda: not clients(bus), f'{use}: clients to be gone')  # pylint: disable=cell-var-from-loop


if __name__ == '__main__':
    main(globals())
