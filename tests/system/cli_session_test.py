"""bus session: a command on a bus of its own."""
import os
import signal

from cli_support import *  # noqa: F403


@without_broker
def test_the_command_has_a_bus_of_its_own_and_nothing_is_left(bus):
    done = bus.run('session', '--', 'sh', '-c', f'{BUS} --json && {BUS} topic pub t \'"hi"\' --type google.protobuf.StringValue && echo $BUS_NAME $BUS_RUNTIME_DIR')
    status, names = done.stdout.splitlines()
    name, folder = names.split()
    equal(json.loads(status)['bus'], name)
    check(name != 't' and not os.path.exists(folder), folder)
    equal(kernel_objects(), [])


@without_broker
def test_the_status_is_that_of_the_command(bus):
    for script, status in (('exit 0', 0), ('exit 7', 7), ('kill -9 $$', 137), ('kill -15 $$', 143)):
        bus.run('session', '--', 'sh', '-c', script, status=status)
    bus.run('session', '--', '/no/such/program', status=127)
    bus.run('session', '--', bus.folder, status=126)
    bus.run('session', status=USAGE)


@without_broker
def test_options_behind_the_dashes_are_the_commands(bus):
    equal(bus.run('session', '--', 'echo', '--json', '-t', '-n').stdout, '--json -t -n\n')


@without_broker
def test_standard_input_is_the_commands(bus):
    equal(bus.run('session', '--', 'cat', text='through\n').stdout, 'through\n')


@without_broker
def test_a_time_limit_ends_the_command_with_status_124(bus):
    done = bus.run('session', '--json', '-t', '200ms', '--', 'sleep', '1000', status=TIMEOUT)
    error = json.loads(done.stderr)['error']
    check('sleep' in error['what'] and '200 ms' in error['what'], error)
    equal(kernel_objects(), [])


@without_broker
def test_sigterm_goes_on_to_the_command(bus):
    session = bus.start('session', '--', 'sh', '-c', 'trap "echo asked; exit 9" TERM; echo here; while :; do read -r _ || exit 8; done')
    equal(session.line(), 'here')
    session.signal(signal.SIGTERM)
    session.send('\n')
    equal(session.line(), 'asked')
    equal(session.end()[0], 9)
    equal(kernel_objects(), [])


@without_broker
def test_a_killed_session_leaves_no_broker_behind(bus):
    session = bus.start('session', '--', 'sh', '-c', 'echo here; exec cat')
    equal(session.line(), 'here')
    check(kernel_objects(), 'there is a bus')
    session.process.kill()
    wait_until(lambda: not kernel_objects(), 'busd to end')
    session.process.wait()


@without_broker
def test_a_configuration_is_busds(bus):
    config = os.path.join(bus.folder, 'busd.toml')
    with open(config, 'w', encoding='ascii') as file:
        file.write('[limits]\nring_bytes = 65536\n')
    bus.run('session', '--config', config, '--', BUS, 'topic', 'pub', 't', '"aGk="', '--type', 'bytes', '--ring', '128K', status=ERROR)
    with open(config, 'w', encoding='ascii') as file:
        file.write('[nonsense]\n')
    done = bus.run('session', '--config', config, '--', 'true', status=NO_BROKER)
    check('nonsense' in done.stderr, done.stderr)


@without_broker
def test_a_command_that_can_not_be_run_is_an_error_like_others(bus):
    done = bus.run('session', '--json', '--', '/no/such/program', status=127)
    error = json.loads(done.stderr)['error']
    check(error['code'] == 'not_found' and '/no/such/program' in error['what'] and error['hint'], error)


@without_broker
def test_brackets_are_handed_on_as_they_are(bus):
    equal(bus.run('session', '--', 'echo', '[a,b]', '[ x ]', '[]').stdout, '[a,b] [ x ] []\n')


@without_broker
def test_a_time_limit_ends_what_the_command_started_too(bus):
    script = f'sleep 1000 & echo $! > {bus.folder}/pid; wait'
    bus.run('session', '-t', '300ms', '--', 'sh', '-c', script, status=TIMEOUT)
    with open(os.path.join(bus.folder, 'pid'), encoding='ascii') as file:
        pid = int(file.read())
    wait_until(lambda: not os.path.exists(f'/proc/{pid}'), 'the program in the background to end')


@without_broker
def test_each_signal_goes_on_to_the_command(bus):
    session = bus.start('session', '--', 'bash', '-c', 'trap "echo int" INT; trap "echo term" TERM; trap "echo hup; exit 3" HUP; echo here; '
                        'while read -r -t 0.1 _ || (($? > 128)); do :; done')  # a trap may have to wait for the read
    equal(session.line(), 'here')
    for number, word in ((signal.SIGINT, 'int'), (signal.SIGINT, 'int'), (signal.SIGTERM, 'term'), (signal.SIGHUP, 'hup')):
        session.signal(number)
        equal(session.line(), word)
    equal(session.end()[0], 3)
    equal(kernel_objects(), [])


if __name__ == '__main__':
    main(globals())
