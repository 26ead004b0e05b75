"""bus metrics: what it says, once and when asked over HTTP; promtool has the last word on the form."""
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request

from cli_support import *  # noqa: F403

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
WITHOUT_TOPICS = {'bus_broker_up', 'bus_broker_generation', 'bus_broker_start_time_seconds', 'bus_info', 'bus_clients', 'bus_clients_dead',
                  'bus_topics', 'bus_publishers', 'bus_subscribers', 'bus_observers', 'bus_kernel_objects', 'bus_kernel_objects_gone',
                  'bus_kernel_object_bytes'}
OF_TOPICS = {'bus_topic_info', 'bus_topic_publishers', 'bus_topic_subscribers', 'bus_topic_observers', 'bus_topic_lost_total',
             'bus_publisher_messages_total', 'bus_publisher_bytes_total', 'bus_publisher_dropped_total',
             'bus_publisher_waited_seconds_total', 'bus_publisher_held_up', 'bus_publisher_ring_bytes', 'bus_subscriber_behind_messages',
             'bus_subscriber_behind_bytes'}
PROMTOOL = os.path.join(os.environ.get('BUS_TEST_BUILD', ''), 'tools-for-tests/prometheus/usr/bin/promtool')


def parsed(text):
    """Prometheus's text as (name, labels, value)."""
    samples = []
    for line in text.splitlines():
        if line.startswith('#') or not line:
            continue
        match = SAMPLE.match(line)
        check(match, 'no sample:', line)
        samples.append((match[1], dict(LABEL.findall(match[2] or '')), float(match[3])))
    return samples


def find(samples, name, **labels):
    return [(theirs, value) for one, theirs, value in samples if one == name and labels.items() <= theirs.items()]


def value(samples, name, **labels):
    found = find(samples, name, **labels)
    equal(len(found), 1, f'samples of {name} {labels}')
    return found[0][1]


def once(bus, *arguments, status=DONE):
    return parsed(bus.run('metrics', *arguments, status=status).stdout)


class Listening:
    """`bus metrics --listen`, and what it answers."""

    def __init__(self, bus, *arguments, address='127.0.0.1:0'):
        self.running = bus.start('metrics', '--listen', address, *arguments)
        self.line = self.running.error_line()
        match = re.match(r'^bus: metrics at (http://\S+:(\d+)/metrics)$', self.line)
        check(match, 'it says where it listens:', self.line)
        self.url, self.port = match[1], int(match[2])

    def text(self):
        with urllib.request.urlopen(self.url, timeout=PATIENCE) as answer:
            equal(answer.status, 200)
            check(answer.headers['Content-Type'].startswith('text/plain'), answer.headers)
            return answer.read().decode()

    def scrape(self):
        return parsed(self.text())


def promtool():
    found = next((c for c in (os.environ.get('BUS_PROMTOOL'), PROMTOOL, shutil.which('promtool')) if c and os.access(c, os.X_OK)), None)
    if not found:
        raise Skipped('no promtool: ./dev test unpacks it where there is a network')
    return found


def test_it_writes_the_numbers_of_the_bus_once(bus):
    publisher = bus.publisher('robot/pose')
    publisher.send('{"x":1}\n{"x":2}\n')
    wait_until(lambda: bus.json('topic', 'ls', 'robot/pose')['topics'][0]['messages'] == 3, 'three messages')
    bus.start('topic', 'echo', 'robot/pose')
    bus.listening('robot/pose')
    samples = once(bus)
    equal({name for name, _, _ in samples}, WITHOUT_TOPICS | OF_TOPICS)
    equal([value(samples, 'bus_' + name) for name in ('broker_up', 'broker_generation', 'clients', 'clients_dead')], [1, 1, 2, 0])
    equal([value(samples, 'bus_' + name) for name in ('topics', 'publishers', 'subscribers', 'observers')], [1, 1, 0, 1])
    status = bus.json()
    equal(value(samples, 'bus_info', bus='t', version=status['broker']['version']), 1)
    equal(value(samples, 'bus_topic_info', topic='robot/pose', type='demo.Pose'), 1)
    info = bus.json('topic', 'info', 'robot/pose')['topics'][0]
    labels = {'topic': 'robot/pose', 'publisher': str(info['publishers'][0]['id']), 'client': 'bus', 'pid': str(publisher.pid)}
    equal(find(samples, 'bus_publisher_messages_total'), [(labels, 3)])
    equal(value(samples, 'bus_publisher_bytes_total'), info['publishers'][0]['bytes'])
    equal(value(samples, 'bus_publisher_ring_bytes'), 1 << 20)
    equal(value(samples, 'bus_subscriber_behind_messages', topic='robot/pose', kind='observer', pid=str(info['subscribers'][0]['pid'])), 0)


def test_it_counts_every_kernel_object(bus):
    bus.publisher('t')
    samples = once(bus)
    kinds = {'segment': 0, 'queue': 0, 'semaphores': 0, 'fifo': 0}
    for labels, count in find(samples, 'bus_kernel_objects'):
        kinds[labels['kind']] += count
    equal(kinds['segment'] + kinds['queue'] + kinds['semaphores'], len(kernel_objects()))
    check(kinds['fifo'] > 0 and value(samples, 'bus_kernel_object_bytes', kind='segment', use='arena') > 1 << 20, samples)
    arena = next(o for o in bus.json('ipc')['objects'] if o['use'] == 'arena')
    subprocess.run(['ipcrm', '-m', str(arena['id'])], check=True)
    equal(value(once(bus), 'bus_kernel_objects_gone', use='arena'), 1)


def test_it_names_who_holds_a_publisher_up(bus):
    publisher = bus.publisher('t', '--ring', '4K')
    echo = bus.start('topic', 'echo', 't', '--reliable')
    bus.listening('t')
    equal(value(once(bus), 'bus_publisher_held_up'), 0)
    echo.signal(signal.SIGSTOP)
    publisher.send('{}\n' * 200)
    wait_until(lambda: value(once(bus), 'bus_publisher_held_up'), 'the publisher to wait')
    check(value(once(bus), 'bus_subscriber_behind_messages', kind='reliable') > 0)
    echo.signal(signal.SIGCONT)
    wait_until(lambda: not value(once(bus), 'bus_publisher_held_up'), 'it to go on')
    check(value(once(bus), 'bus_publisher_waited_seconds_total') > 0)


def test_it_counts_what_was_lost_and_why(bus):
    publisher = bus.publisher('t', '--ring', '16K')
    echo = bus.start('topic', 'echo', 't')
    bus.listening('t')
    equal((value(once(bus), 'bus_topic_lost_total', topic='t'), find(once(bus), 'bus_subscriber_lost_total')), (0, []))
    echo.signal(signal.SIGSTOP)
    publisher.send(''.join('{"text": "%s"}\n' % ('x' * 1000) for _ in range(100)))
    wait_until(lambda: bus.json('topic', 'ls', 't')['topics'][0]['messages'] == 101, '101 messages')
    echo.signal(signal.SIGCONT)
    lost = wait_until(lambda: value(once(bus), 'bus_topic_lost_total'), 'a loss')
    samples = once(bus)
    equal(value(samples, 'bus_subscriber_lost_total', topic='t', pid=str(echo.pid), why='overwritten before it was read'), lost)
    echo.signal(signal.SIGTERM)
    echo.end()
    wait_until(lambda: not find(once(bus), 'bus_subscriber_lost_total'), 'it to be gone')
    equal(value(once(bus), 'bus_topic_lost_total'), lost, 'what those that are gone lost stays')


def test_two_alike_of_one_client_are_told_apart(bus):
    bus.publisher('t')
    bus.start('topic', 'echo', 't', '*')
    bus.listening('t', 2)
    behind = find(once(bus), 'bus_subscriber_behind_messages', topic='t')
    equal((len(behind), len({labels['subscriber'] for labels, _ in behind}), len({labels['pid'] for labels, _ in behind})), (2, 2, 1))


def test_json_says_the_same(bus):
    bus.publisher('t')
    document = bus.json('metrics')
    check(all(set(m) == {'name', 'type', 'labels', 'value'} for m in document['metrics']), document)
    as_text = sorted((name, sorted(labels.items())) for name, labels, _ in once(bus))
    equal(sorted((m['name'], sorted(m['labels'].items())) for m in document['metrics']), as_text)
    equal({m['type'] for m in document['metrics']}, {'gauge', 'counter'})
    one = next(m for m in document['metrics'] if m['name'] == 'bus_publisher_messages_total')
    equal((one['type'], one['labels']['topic'], one['value']), ('counter', 't', 1))


def test_patterns_choose_and_exclude_topics(bus):
    for name in ('robot/arm/pose', 'robot/leg/pose', 'log/a'):
        bus.publisher(name)
    topics = lambda *a: [labels['topic'] for labels, _ in find(once(bus, *a), 'bus_topic_publishers')]  # noqa: E731
    equal(topics(), ['log/a', 'robot/arm/pose', 'robot/leg/pose'])
    equal(topics('robot/*/pose', 'robot/arm/*', '-x', 'robot/leg/**'), ['robot/arm/pose'])
    equal(topics('nothing/here'), [])
    equal({name for name, _, _ in once(bus, 'nothing/here')}, WITHOUT_TOPICS)
    bus.run('metrics', 'a//b', status=USAGE)
    bus.run('metrics', '-x', 'a//b', status=USAGE)


def test_looking_makes_nobody_a_client(bus):
    listening = Listening(bus)
    equal((value(listening.scrape(), 'bus_clients'), bus.json()['clients'], bus.json('client', 'ls')['clients']), (0, 0, []))


def test_each_scrape_has_fresh_numbers(bus):
    listening = Listening(bus)
    equal(find(listening.scrape(), 'bus_topic_publishers'), [])
    publisher = bus.publisher('t')
    equal(value(listening.scrape(), 'bus_publisher_messages_total'), 1)
    publisher.send('{}\n{}\n')
    wait_until(lambda: value(listening.scrape(), 'bus_publisher_messages_total') == 3, 'three messages')
    publisher.signal(signal.SIGKILL)
    wait_until(lambda: not find(listening.scrape(), 'bus_publisher_messages_total'), 'the dead to be cleaned up')


def test_two_who_scrape_at_once_are_both_answered(bus):
    listening = Listening(bus)
    texts = []
    threads = [threading.Thread(target=lambda: texts.append(listening.text())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal([value(parsed(text), 'bus_broker_up') for text in texts], [1] * 8)


def test_a_topic_that_is_chosen_is_served_alone(bus):
    for name in ('a', 'b'):
        bus.publisher(name)
    equal([labels['topic'] for labels, _ in find(Listening(bus, 'a').scrape(), 'bus_topic_publishers')], ['a'])


def test_other_paths_are_not_found(bus):
    listening = Listening(bus)
    try:
        urllib.request.urlopen(listening.url.replace('/metrics', '/other'), timeout=PATIENCE)
        check(False, 'it answered')
    except urllib.error.HTTPError as error:
        equal(error.code, 404)
        error.close()


def test_garbage_on_the_wire_ends_nothing(bus):
    listening = Listening(bus)
    for garbage in (b'', b'\0' * 1000, b'GET /metrics', b'GET ' + b'x' * 100000 + b'\r\n\r\n'):
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', listening.port), PATIENCE) as wire:
            wire.sendall(garbage)
    equal(value(listening.scrape(), 'bus_broker_up'), 1)


def test_a_signal_is_the_ordinary_end(bus):
    for number in (signal.SIGINT, signal.SIGTERM):
        listening = Listening(bus)
        listening.scrape()
        listening.running.signal(number)
        equal(listening.running.end(), (DONE, '', ''))


def test_nobody_needs_to_read_its_output(bus):
    listening = Listening(bus)
    listening.running.process.stdout.close()
    equal(value(listening.scrape(), 'bus_broker_up'), 1)
    equal(listening.running.process.poll(), None)


def test_the_address_is_taken_as_written(bus):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    equal(Listening(bus, address=str(port)).url, f'http://127.0.0.1:{port}/metrics')
    check(Listening(bus, address='localhost:0').url.startswith('http://127.0.0.1:'))


def test_a_port_that_is_taken_is_an_error_that_names_it(bus):
    listening = Listening(bus)
    error = bus.run('metrics', '--listen', f'127.0.0.1:{listening.port}', status=ERROR).stderr
    check(f'127.0.0.1:{listening.port}' in error and 'in use' in error and 'another port' in error, error)
    equal(value(listening.scrape(), 'bus_broker_up'), 1)


def test_bad_addresses_and_options_are_status_2(bus):
    for address in ('nonsense', '', '127.0.0.1', '127.0.0.1:65536', 'example.org:80', '[::1]:0'):
        error = bus.run('metrics', '--listen', address, status=USAGE).stderr
        check(f"'{address}'" in error and '127.0.0.1:9464' in error, error)
    for arguments in (('--listen', '0', '--listen', '0'), ('--listen', '0', '--json'), ('--listen',), ('--nonsense',), ('a//b',)):
        bus.run('metrics', *arguments, status=USAGE)


@without_broker
def test_no_bus_is_status_4(bus):
    for arguments in ((), ('--listen', '127.0.0.1:0')):
        bus.run('metrics', *arguments, status=NO_BROKER)
    equal(bus.error('metrics', status=NO_BROKER)['code'], 'no_broker')


def test_a_dead_broker_is_told_and_so_is_the_next_one(bus):
    listening = Listening(bus)
    publisher = bus.publisher('t')
    bus.stop(signal.SIGKILL)
    samples = listening.scrape()
    equal((value(samples, 'bus_broker_up'), value(samples, 'bus_publisher_messages_total')), (0, 1), 'what it left goes on')
    publisher.send('{}\n')
    wait_until(lambda: value(listening.scrape(), 'bus_publisher_messages_total') == 2, 'two messages')
    equal(value(once(bus, status=NO_BROKER), 'bus_broker_up'), 0)
    equal(value(Listening(bus).scrape(), 'bus_broker_up'), 0, 'it can be started then too')
    bus.serve()
    samples = listening.scrape()
    equal((value(samples, 'bus_broker_up'), value(samples, 'bus_broker_generation')), (1, 2))


def test_a_bus_that_has_ended_is_down_until_it_is_back(bus):
    listening = Listening(bus)
    bus.stop()
    equal([s for s in listening.scrape() if s[0].startswith('bus_')], [('bus_broker_up', {}, 0)], 'nothing else is known of it')
    bus.serve()
    equal(value(listening.scrape(), 'bus_broker_up'), 1)


def test_a_reader_that_goes_away_is_no_error(bus):
    command = f'"{BUS}" metrics | true; echo "status ${{PIPESTATUS[0]}}"'
    shell = subprocess.run(['bash', '-c', command], env=bus.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    equal((shell.stdout, shell.stderr), ('status 0\n', ''))


def test_promtool_finds_nothing_to_complain_of(bus):
    tool = promtool()
    publisher = bus.publisher('t', '--ring', '16K')
    echo = bus.start('topic', 'echo', 't')
    bus.listening('t')
    echo.signal(signal.SIGSTOP)
    publisher.send(''.join('{"text": "%s"}\n' % ('x' * 1000) for _ in range(100)))
    wait_until(lambda: bus.json('topic', 'ls', 't')['topics'][0]['messages'] == 101, '101 messages')
    echo.signal(signal.SIGCONT)
    wait_until(lambda: find(once(bus), 'bus_subscriber_lost_total'), 'a loss')
    listening = Listening(bus)
    listening.text()
    for text in (bus.run('metrics').stdout, listening.text()):
        checked = subprocess.run([tool, 'check', 'metrics'], input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)
        equal((checked.returncode, checked.stdout, checked.stderr), (0, '', ''))


if __name__ == '__main__':
    main(globals())
