"""bus topic hz, bw, delay: what they measure, and how they end, which is alike."""
import os
import re
import signal
import subprocess

from cli_support import *  # noqa: F403

MEASURES = ('hz', 'bw', 'delay')
TIME = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$')
FIELDS = {
    'hz': {'topic', 'time', 'window', 'rate', 'bytes_per_second', 'messages', 'bytes', 'lost', 'interval'},
    'bw': {'topic', 'time', 'window', 'bytes_per_second', 'messages', 'bytes', 'lost', 'size'},
    'delay': {'topic', 'time', 'window', 'messages', 'unstamped', 'lost', 'delay'},
}


def speaking(bus, topic, rate=50, message='{"text":"twelve bytes"}'):
    """A publisher that goes on by itself: messages of 14 bytes."""
    publisher = bus.start('topic', 'pub', topic, message, '-r', str(rate), '--type', 'demo.Pose', '--proto', bus.proto)
    bus.run('wait', 'topic', topic, '-t', '20s')
    return publisher


def reports(bus, verb, *arguments):
    return [json.loads(line) for line in bus.run('topic', verb, *arguments, '--json').stdout.splitlines()]


def ordered(spread):
    return spread['min'] <= spread['mean'] <= spread['max'] and spread['deviation'] >= 0


def test_hz_measures_the_rate(bus):
    speaking(bus, 't')
    report = reports(bus, 'hz', 't', '-n', '2', '-w', '500ms')[1]
    equal((set(report), report['topic'], report['window'], report['lost']), (FIELDS['hz'], 't', 0.5, 0))
    check(report['messages'] > 0 and abs(report['rate'] - report['messages'] / 0.5) < 1e-6, report)
    check(ordered(report['interval']) and TIME.match(report['time']), report)


def test_bw_measures_bytes(bus):
    speaking(bus, 't')
    report = reports(bus, 'bw', 't', '-n', '2', '-w', '500ms')[1]
    equal((set(report), report['topic'], report['window'], report['lost']), (FIELDS['bw'], 't', 0.5, 0))
    check(report['messages'] > 0 and TIME.match(report['time']), report)
    equal(report['bytes'], 14 * report['messages'])
    equal(report['bytes_per_second'], report['bytes'] / 0.5)
    equal(report['size'], {'mean': 14, 'min': 14, 'max': 14, 'deviation': 0})


def test_bw_tells_small_messages_from_large_ones(bus):
    publisher = bus.publisher('t')
    bw = bus.start('topic', 'bw', 't', '--once', '-w', '2s', '--json')
    bus.listening('t')
    publisher.send('{"text":"twelve bytes"}\n{"text":"%s"}\n' % ('x' * 100))
    report = bw.json()
    equal((report['messages'], report['bytes']), (2, 116))
    equal([report['size'][field] for field in ('min', 'max', 'mean')], [14, 102, 58])
    equal(bw.end()[0], DONE)


def test_delay_measures_from_the_stamp_to_here(bus):
    speaking(bus, 't')
    report = reports(bus, 'delay', 't', '-n', '2', '-w', '500ms')[1]
    equal((set(report), report['topic'], report['window'], report['unstamped']), (FIELDS['delay'], 't', 0.5, 0))
    delay = report['delay']
    equal(set(delay), {'mean', 'min', 'max', 'deviation', 'p50', 'p99'})
    check(report['messages'] > 0 and ordered(delay) and delay['min'] <= delay['p50'] <= delay['p99'] <= delay['max'], report)
    check(0 < delay['min'] < 60, delay)


def test_delay_sees_that_it_was_kept_waiting_itself(bus):
    publisher = bus.publisher('t')
    delay = bus.start('topic', 'delay', 't', '--json')
    bus.listening('t')
    delay.signal(signal.SIGSTOP)
    publisher.send('{}\n')
    wait_until(lambda: bus.json('topic', 'ls', 't')['topics'][0]['messages'] == 2, 'two messages')
    bus.run('topic', 'hz', 'nothing/here', '-d', '300ms')  # time goes by
    delay.signal(signal.SIGCONT)
    check(delay.json()['delay']['min'] >= 0.3)


def test_what_was_published_before_counts_for_nothing(bus):
    publisher = bus.start_program(os.environ['BUS_TEST_PUBLISHER'], 't', 'retain')
    publisher.send('old\n')
    equal(publisher.line(), '1')
    running = {verb: bus.start('topic', verb, 't', '--json', '--once') for verb in MEASURES}
    bus.listening('t', len(MEASURES))
    publisher.send('new\n')
    for verb, measure in running.items():
        equal(measure.json()['messages'], 1, verb)


def test_messages_without_a_stamp_are_counted_apart(bus):
    publisher = bus.start_program(os.environ['BUS_TEST_PUBLISHER'], 't', 'unstamped')
    commands = (('delay', '--json'), ('delay', '-q'), ('bw', '--json'), ('hz', '--json'))
    running = [bus.start('topic', verb, 't', '--once', option) for verb, option in commands]
    bus.listening('t', len(running))
    publisher.send('a\nb\n')
    as_json, as_text, bw, hz = running
    report = as_json.json()
    equal((report['messages'], report['unstamped'], report['delay']), (2, 2, None))
    equal(as_text.line(), 't  2 messages  2 without a stamp')
    equal((bw.json()['bytes'], hz.json()['messages']), (2, 2))


def test_a_topic_that_falls_silent_is_reported_with_nothing(bus):
    for verb, spread in (('hz', 'interval'), ('bw', 'size'), ('delay', 'delay')):
        publisher = bus.publisher(verb)
        measure = bus.start('topic', verb, verb, '-n', '2', '-w', '100ms', '--json')
        bus.listening(verb)
        publisher.send('{}\n')
        equal(measure.json()['messages'], 1, verb)
        silent = measure.json()
        equal((silent['messages'], silent[spread], set(silent)), (0, None, FIELDS[verb]), verb)
        equal(measure.end()[0], DONE, verb)


def test_each_topic_of_a_pattern_has_its_line(bus):
    for topic in ('robot/arm', 'robot/leg', 'robot/noise'):
        speaking(bus, topic)
    for verb in MEASURES:
        lines = reports(bus, verb, 'robot/*', 'robot/arm', '-x', 'robot/noise', '--once')
        equal([line['topic'] for line in lines], ['robot/arm', 'robot/leg'], verb)


def test_they_are_for_people_too(bus):
    speaking(bus, 't')
    for verb, words in (('hz', 'Hz .*every'), ('bw', r'B/s  \d+ messages of 14 B'), ('delay', r'\d+ messages  after .* p50 .* p99 ')):
        text = bus.run('topic', verb, 't', '--once').stdout
        check(re.match(f't  .*{words}', text), verb, text)


def test_they_say_what_they_lost_themselves(bus):
    for verb in MEASURES:
        publisher = bus.publisher(verb, '--ring', '16K')
        measure = bus.start('topic', verb, verb, '--json')
        bus.listening(verb)
        measure.signal(signal.SIGSTOP)
        publisher.send(''.join('{"text": "%s"}\n' % ('x' * 1000) for _ in range(100)))
        wait_until(lambda name=verb: bus.json('topic', 'ls', name)['topics'][0]['messages'] == 101, '101 messages')
        measure.signal(signal.SIGCONT)
        messages = lost = 0
        while messages + lost < 100:
            report = measure.json()
            messages, lost = messages + report['messages'], lost + report['lost']
        check(messages + lost == 100 and lost > 0, verb, messages, lost)
        measure.signal(signal.SIGINT)
        status, _, err = measure.end()
        equal(status, DONE, verb)
        check('lost' in err, verb, err)


def test_they_are_observers(bus):
    bus.publisher('t')
    for verb in MEASURES:
        bus.start('topic', verb, 't')
    bus.listening('t', len(MEASURES))
    equal({s['kind'] for s in bus.json('topic', 'info', 't')['topics'][0]['subscribers']}, {'observer'})


def test_they_end_as_told(bus):
    for verb in MEASURES:
        bus.run('topic', verb, 'nothing/here', '-d', '100ms', status=DONE)
        bus.run('topic', verb, 'nothing/here', '-n', '0', status=DONE)
        error = bus.error('topic', verb, 'nothing/here', '-t', '100ms', status=TIMEOUT)
        equal(error['code'], 'timeout', verb)
        check('100 ms' in error['what'], error)
        bus.run('topic', verb, 'nothing/here', '--existing', status=NO_SUCH_THING)
        bus.run('topic', verb, 'nothing/**', '--existing', status=NO_SUCH_THING)


def test_a_duration_below_a_window_ends_with_one_report(bus):
    speaking(bus, 't')
    for verb in MEASURES:
        lines = reports(bus, verb, 't', '-d', '300ms')
        equal([(line['topic'], line['window']) for line in lines], [('t', 0.3)], verb)


def test_bad_names_and_options_are_status_2(bus):
    for verb in MEASURES:
        for arguments in ((), ('a//b',), ('t', '-n', 'x'), ('t', '-w', '0'), ('t', '-w', '10us'), ('t', '--once', '-n', '2'),
                          ('t', '-x', 'a//b'), ('t', '--reliable')):
            bus.run('topic', verb, *arguments, status=USAGE)


def test_they_wait_for_a_topic_that_is_not_there_and_say_so_on_stderr(bus):
    for verb in MEASURES:
        measure = bus.start('topic', verb, f'late/{verb}', '--once', '--json')
        check('waiting' in measure.error_line(), verb)
        bus.pub(f'late/{verb}', '{"x":7}', '-w', '1')
        equal(measure.json()['messages'], 1, verb)
        equal(measure.end()[0], DONE, verb)


def test_sigint_is_the_ordinary_end_and_130_where_it_cuts_something_short(bus):
    for verb in MEASURES:
        for limit, status in (((), DONE), (('-n', '5'), INTERRUPTED), (('-d', '1h'), INTERRUPTED)):
            measure = bus.start('topic', verb, 'nothing/here', *limit)
            check('waiting' in measure.error_line())
            measure.signal(signal.SIGINT)
            ended, _, err = measure.end()
            equal(ended, status, (verb, limit))
            check('0 messages' in err, err)


def test_a_reader_that_goes_away_ends_them_silently_even_while_nothing_is_published(bus):
    for verb in MEASURES:
        bus.publisher(verb)
        measure = bus.start('topic', verb, verb)
        bus.listening(verb)
        measure.process.stdout.close()
        equal((measure.process.wait(PATIENCE), measure.process.stderr.read()), (DONE, b''), verb)


def test_a_reader_that_goes_away_ends_them_while_much_is_published(bus):
    speaking(bus, 't', 1000)
    for verb in MEASURES:
        command = f'"{BUS}" topic {verb} t -w 20ms | head -n 2; echo "status ${{PIPESTATUS[0]}}"'
        shell = subprocess.run(['bash', '-c', command], env=bus.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        equal((shell.stdout.splitlines()[-1], len(shell.stdout.splitlines()), shell.stderr), ('status 0', 3, ''), verb)


def test_the_death_of_the_broker_ends_none(bus):
    publisher = bus.publisher('t')
    running = {verb: bus.start('topic', verb, 't', '-w', '100ms', '--json') for verb in MEASURES}
    bus.listening('t', len(MEASURES))
    bus.stop(signal.SIGKILL)
    publisher.send('{}\n')
    for verb, measure in running.items():
        equal(measure.json()['messages'], 1, verb)
    bus.serve()
    publisher.send('{}\n')
    for verb, measure in running.items():
        wait_until(lambda m=measure: m.json()['messages'] == 1, f'{verb} to count on')


def test_the_ordered_end_of_the_bus_is_an_error(bus):
    running = [bus.start('topic', verb, 't', '--json') for verb in MEASURES]
    for measure in running:
        check('waiting' in measure.error_line())
    bus.stop()
    for measure in running:
        status, _, err = measure.end()
        equal((status, json.loads(err.splitlines()[-1])['error']['code']), (ERROR, 'closed'))


@without_broker
def test_no_broker_is_status_4(bus):
    for verb in MEASURES:
        equal(bus.error('topic', verb, 't', status=NO_BROKER)['code'], 'no_broker')


if __name__ == '__main__':
    main(globals())
