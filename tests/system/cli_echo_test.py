"""bus topic echo: what it writes, when it ends, and with which status."""
import base64
import os
import signal
import subprocess

from cli_support import *  # noqa: F403


def test_it_writes_one_json_line_a_message(bus):
    publisher = bus.publisher('robot/pose')
    echo = bus.start('topic', 'echo', 'robot/pose', '--json')
    bus.listening('robot/pose')
    publisher.send('{"x": 1.5, "count": "12345678901234567", "inner": {"name": "n"}}\n')
    line = echo.json()
    check({'topic', 'type', 'publisher', 'sequence', 'time', 'age', 'lost', 'message'} <= set(line), line)
    equal((line['topic'], line['type'], line['sequence'], line['lost']), ('robot/pose', 'demo.Pose', 2, 0))
    check(isinstance(line['publisher'], int) and isinstance(line['age'], float) and 0 <= line['age'] < 60, line)
    check(len(line['time']) == len('2024-05-01T12:00:00.000000001Z') and line['time'].endswith('Z'), line['time'])
    equal(line['message']['count'], '12345678901234567', '64-bit integers are strings')
    equal((line['message']['x'], line['message']['y'], line['message']['list']), (1.5, 0, []), 'zero fields are there')
    equal(line['message']['inner'], {'a': 0, 'name': 'n'})


def test_once_ends_after_one_message(bus):
    publisher = bus.publisher('t')
    echo = bus.start('topic', 'echo', 't', '--once', '--json')
    bus.listening('t')
    publisher.send('{"x":1}\n{"x":2}\n')
    status, out, _ = echo.end()
    equal((status, len(out.splitlines())), (DONE, 1))


def test_count_ends_after_so_many(bus):
    publisher = bus.publisher('t')
    echo = bus.start('topic', 'echo', 't', '-n', '3')
    bus.listening('t')
    publisher.send('{"x":1}\n{"x":2}\n{"x":3}\n{"x":4}\n')
    status, out, _ = echo.end()
    equal((status, len(out.splitlines())), (DONE, 3))


def test_a_count_of_zero_ends_at_once(bus):
    equal(bus.run('topic', 'echo', 'nothing/here', '-n', '0').stdout, '')


def test_a_duration_is_no_failure(bus):
    bus.run('topic', 'echo', 'nothing/here', '-d', '100ms', status=DONE)


def test_a_timeout_is_status_124_with_the_count_that_came(bus):
    bus.run('topic', 'echo', 'nothing/here', '-t', '100ms', status=TIMEOUT)
    publisher = bus.publisher('t')
    echo = bus.start('topic', 'echo', 't', '-n', '5', '-t', '2s', '--json')
    bus.listening('t')
    publisher.send('{}\n{}\n')
    status, out, err = echo.end()
    equal((status, len(out.splitlines())), (TIMEOUT, 2))
    check('"code":"timeout"' in err and '2 of 5' in err, err)


def test_it_waits_for_a_topic_that_is_not_there_and_says_so_on_stderr(bus):
    echo = bus.start('topic', 'echo', 'late/topic', '--once', '--json')
    check('waiting' in echo.error_line())
    bus.pub('late/topic', '{"x":7}', '-w', '1')
    equal(echo.json()['message']['x'], 7)
    equal(echo.end()[0], DONE)


def test_existing_makes_a_missing_topic_status_3(bus):
    equal(bus.error('topic', 'echo', 'late/topic', '--existing', status=NO_SUCH_THING)['code'], 'not_found')
    bus.run('topic', 'echo', 'late/**', '--existing', status=NO_SUCH_THING)


def test_history_begins_with_what_is_there(bus):
    publisher = bus.publisher('t')
    publisher.send('{"x":1}\n{"x":2}\n{"x":3}\n')
    wait_until(lambda: bus.json('topic', 'ls', 't')['topics'][0]['messages'] == 4, 'four messages')
    out = bus.run('topic', 'echo', 't', '--history', '2', '-n', '2', '--json').stdout
    equal([json.loads(line)['message']['x'] for line in out.splitlines()], [2, 3])


def test_a_field_is_written_alone(bus):
    publisher = bus.publisher('t')
    publisher.send('{"inner": {"name": "one"}, "list": [{"a": 1}, {"a": 2}], "count": "99"}\n')
    for field, wanted in (('inner.name', 'one'), ('list.1.a', '2'), ('count', '99'), ('list.7.a', 'null')):
        equal(bus.run('topic', 'echo', 't', '--history', '1', '--once', '--field', field).stdout, wanted + '\n', field)
    line = json.loads(bus.run('topic', 'echo', 't', '--history', '1', '--once', '--field', 'inner', '--json').stdout)
    equal((line['message'], line['field']), ({'a': 0, 'name': 'one'}, 'inner'))


def test_a_field_that_the_type_lacks_is_a_usage_error_that_names_those_there_are(bus):
    bus.publisher('t')
    error = bus.error('topic', 'echo', 't', '--history', '1', '--once', '--field', 'inner.colour', status=USAGE)
    check('colour' in error['what'] and 'inner' in error['hint'], error)


def test_raw_writes_the_bytes(bus):
    publisher = bus.publisher('t')
    publisher.send('{"text": "hi"}\n')
    wait_until(lambda: bus.json('topic', 'ls', 't')['topics'][0]['messages'] == 2, 'two messages')
    equal(bus.run('topic', 'echo', 't', '--history', '1', '--once', '--raw').stdout, '\x3a\x02hi')
    equal(bus.run('topic', 'echo', 't', '--history', '1', '--once', '--raw=delimited').stdout, '\x04\x3a\x02hi')


def test_bytes_are_base64(bus):
    publisher = bus.start('topic', 'pub', 'raw/bytes', '--stdin', '--type', 'bytes')
    publisher.send('"AAEC/w=="\n')
    bus.run('wait', 'topic', 'raw/bytes', '-t', '20s')
    line = json.loads(bus.run('topic', 'echo', 'raw/bytes', '--history', '1', '--once', '--json').stdout)
    equal((line['type'], base64.b64decode(line['message'])), ('', b'\x00\x01\x02\xff'))


def test_a_pattern_means_all_topics_that_come_too(bus):
    echo = bus.start('topic', 'echo', 'robot/**', '-x', 'robot/noise', '--json', '-n', '2')
    check('waiting' in echo.error_line())
    bus.pub('robot/noise', '{"x":0}', '-w', '1')
    bus.pub('robot/arm/pose', '{"x":1}', '-w', '1')
    bus.pub('robot/leg', '{"x":2}', '-w', '1')
    equal([echo.json()['topic'], echo.json()['topic']], ['robot/arm/pose', 'robot/leg'])
    equal(echo.end()[0], DONE)


def test_what_two_patterns_mean_is_written_once(bus):
    publisher = bus.publisher('robot/pose')
    echo = bus.start('topic', 'echo', 'robot/*', 'robot/pose', '--json', '-n', '2')
    bus.listening('robot/pose', 2)
    publisher.send('{"x":1}\n{"x":2}\n')
    equal([echo.json()['message']['x'], echo.json()['message']['x']], [1, 2])
    equal(echo.end()[0], DONE)


def test_it_is_an_observer_unless_reliable(bus):
    bus.publisher('t')
    bus.start('topic', 'echo', 't')
    bus.start('topic', 'echo', 't', '--reliable')
    bus.listening('t', 2)
    kinds = sorted(s['kind'] for s in bus.json('topic', 'info', 't')['topics'][0]['subscribers'])
    equal(kinds, ['observer', 'reliable'])
    topic = bus.json('topic', 'ls', 't')['topics'][0]
    equal((topic['subscribers'], topic['observers']), (1, 1))


def test_reliable_loses_nothing(bus):
    echo = bus.start('topic', 'echo', 't', '--reliable', '--json', '-n', '3000')
    check('waiting' in echo.error_line())
    publisher = bus.start('topic', 'pub', 't', '{"text": "' + 'x' * 400 + '"}', '-n', '3000', '-w', '1', '--ring', '64K', '--type', 'demo.Pose',
                          '--proto', bus.proto)
    sequences = [echo.json()['sequence'] for _ in range(3000)]
    equal(sequences, list(range(1, 3001)))
    equal((publisher.end()[0], echo.end()[0]), (DONE, DONE))


def test_observers_attach_read_only_and_a_stopped_one_costs_the_publisher_nothing(bus):
    publisher = bus.publisher('t', '--ring', '4K')
    observers = [bus.start('topic', verb, 't') for verb in ('echo', 'hz')]
    bus.listening('t', len(observers))
    arenas = {o['id'] for o in bus.json('ipc')['objects'] if o['use'] == 'arena'}
    check(arenas, 'the publisher has an arena')
    for observer in observers:
        with open(f'/proc/{observer.pid}/maps', encoding='ascii') as file:  # the inode of a segment's mapping is its id
            rights = {line.split()[1] for line in file if '/SYSV' in line and int(line.split()[4]) in arenas}
        equal(rights, {'r--s'}, 'how it has the arena')
        observer.signal(signal.SIGSTOP)
    publisher.send('{"x":1}\n' * 2000)
    shown = wait_until(lambda: (p := bus.json('topic', 'info', 't')['topics'][0]['publishers'][0])['sequence'] == 2001 and p, 'all to be published')
    equal((shown['waited'], shown['dropped'], shown['held_by']), (0, 0, None), 'it waited for nobody')


def test_an_observer_says_what_it_lost_itself(bus):
    publisher = bus.publisher('t', '--ring', '16K')
    echo = bus.start('topic', 'echo', 't', '--json')
    bus.listening('t')
    echo.signal(signal.SIGSTOP)
    publisher.send(''.join('{"text": "%s"}\n' % ('x' * 1000) for _ in range(100)))
    wait_until(lambda: bus.json('topic', 'ls', 't')['topics'][0]['messages'] == 101, '101 messages')
    echo.signal(signal.SIGCONT)
    first = echo.json()
    check(first['lost'] > 0, first)
    equal(first['sequence'], 2 + first['lost'])
    while first['sequence'] < 101:
        first = echo.json()
    echo.signal(signal.SIGINT)
    status, _, err = echo.end()
    equal(status, DONE)
    check('lost' in err, err)


def test_sigint_is_the_ordinary_end_and_leaves_a_summary_on_stderr(bus):
    publisher = bus.publisher('t')
    echo = bus.start('topic', 'echo', 't')
    bus.listening('t')
    publisher.send('{}\n')
    echo.line()
    echo.signal(signal.SIGINT)
    status, _, err = echo.end()
    equal(status, DONE)
    check('1 message' in err, err)


def test_sigint_is_status_130_where_it_cuts_something_short(bus):
    for limit in (('-n', '5'), ('-d', '1h')):
        echo = bus.start('topic', 'echo', 'nothing/here', *limit)
        check('waiting' in echo.error_line())
        echo.signal(signal.SIGINT)
        equal(echo.end()[0], INTERRUPTED, limit)


def test_a_reader_that_goes_away_ends_it_silently_even_while_nothing_is_published(bus):
    bus.publisher('t')
    echo = bus.start('topic', 'echo', 't')
    bus.listening('t')
    echo.process.stdout.close()
    equal(echo.process.wait(PATIENCE), DONE)
    equal(echo.process.stderr.read(), b'')


def test_a_reader_that_goes_away_ends_it_while_much_is_published(bus):
    bus.start('topic', 'pub', 't', '{"x":1}', '-r', '1000', '--type', 'demo.Pose', '--proto', bus.proto)
    bus.run('wait', 'topic', 't', '-t', '20s')
    shell = subprocess.run(['sh', '-c', f'"{BUS}" topic echo t --json | head -n 2; echo "status $?"'], env=bus.environment, capture_output=True,
                           text=True, timeout=PATIENCE, check=False)
    equal((len(shell.stdout.splitlines()), shell.stderr), (3, ''))


def test_bad_names_and_options_are_status_2(bus):
    for arguments in (('bad name',), ('a//b',), ('',), (), ('t', '-n', 'x'), ('t', '-n', '-1'), ('t', '-n', '18446744073709551616'), ('t', '-d', '5parsecs'), ('t', '--once', '-n', '2'),
                      ('t', '--raw', '--json'), ('t', '--raw=loud'), ('t', '--no-such-option'), ('t', '-x', 'a//b')):
        bus.run('topic', 'echo', *arguments, status=USAGE)


@without_broker
def test_no_broker_is_status_4_and_names_the_places(bus):
    error = bus.error('topic', 'echo', 't', status=NO_BROKER)
    equal(error['code'], 'no_broker')
    check(bus.runtime in error['what'] and 'busd' in error['hint'], error)


def test_the_death_of_the_broker_ends_no_wait(bus):
    publisher = bus.publisher('t')
    echo = bus.start('topic', 'echo', 't', '--json')
    bus.listening('t')
    bus.stop(signal.SIGKILL)
    publisher.send('{"x":5}\n')
    equal(echo.json()['message']['x'], 5)
    bus.serve()
    publisher.send('{"x":6}\n')
    equal(echo.json()['message']['x'], 6)


def test_the_ordered_end_of_the_bus_is_an_error(bus):
    echo = bus.start('topic', 'echo', 't', '--json')
    check('waiting' in echo.error_line())
    bus.stop()
    status, _, err = echo.end()
    equal(status, ERROR)
    error = json.loads(err.splitlines()[-1])['error']
    equal(error['code'], 'closed')
    check('busd' in error['hint'], error)


if __name__ == '__main__':
    main(globals())
