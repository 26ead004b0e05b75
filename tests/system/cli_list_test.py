"""Status, topic ls, topic info, client ls, ipc, wait topic: what is there, as documents and as tables."""
import os
import pty
import re
import signal
import struct
import subprocess
import fcntl
import termios

from cli_support import *  # noqa: F403

TIME = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$')


def on_a_terminal(bus, columns, *arguments):
    """What the command writes to a terminal so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    process = subprocess.Popen([BUS, *arguments], env={**bus.environment, 'NO_COLOR': '1'}, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    out = b''
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        out += chunk
    os.close(ours)
    process.communicate(timeout=PATIENCE)
    equal(process.returncode, DONE)
    return out.decode().replace('\r\n', '\n')


def test_the_status_names_the_broker(bus):
    status = bus.json()
    equal((status['bus'], status['broker']['pid'], status['broker']['alive']), ('t', bus.broker.pid, True))
    check(status['broker']['generation'] >= 1 and TIME.match(status['broker']['since']) and status['broker']['version'], status)
    equal([status[k] for k in ('clients', 'topics', 'publishers', 'subscribers', 'observers')], [0] * 5, 'looking makes nobody a client')
    check(str(bus.broker.pid) in bus.run().stdout)


def test_the_status_counts_what_is_there(bus):
    bus.publisher('t')
    bus.start('topic', 'echo', 't')
    bus.listening('t')
    status = bus.json()
    equal([status[k] for k in ('clients', 'topics', 'publishers', 'subscribers', 'observers')], [2, 1, 1, 0, 1])


def test_options_may_stand_before_and_after_the_verb(bus):
    publisher = bus.publisher('t')
    wanted = [t['name'] for t in bus.json('topic', 'ls')['topics']]
    for arguments in (('--json', 'topic', 'ls'), ('topic', '--json', 'ls'), ('--bus', 't', 'topic', 'ls', '--json'), ('-q', '-t', '5s', 'topic', 'ls', '--json'),
                      ('topic', 'ls', '--json', '--bus=t'), ('-t5s', 'topic', 'ls', '--json')):
        equal([t['name'] for t in json.loads(bus.run(*arguments).stdout)['topics']], wanted, arguments)
    check(publisher.process.poll() is None)


@without_broker
def test_no_broker_is_status_4_for_all_that_looks(bus):
    for arguments in ((), ('topic', 'ls'), ('topic', 'info', 't'), ('client', 'ls'), ('ipc',), ('wait', 'topic', 't'),
                      ('topic', 'pub', 't', '{}')):
        equal(bus.error(*arguments, status=NO_BROKER)['code'], 'no_broker', arguments)


def test_a_dead_broker_is_status_4_and_what_it_left_is_shown(bus):
    publisher = bus.publisher('t')
    bus.stop(signal.SIGKILL)
    done = bus.run('topic', 'ls', '--json', status=NO_BROKER)
    equal(json.loads(done.stdout)['topics'][0]['name'], 't')
    check('no_broker' in done.stderr, done.stderr)
    equal(json.loads(bus.run('--json', status=NO_BROKER).stdout)['broker']['alive'], False)
    check(publisher.process.poll() is None)
    bus.serve()
    equal(bus.json()['broker']['generation'], 2)


def test_topics_are_listed_with_their_numbers(bus):
    publisher = bus.publisher('robot/pose')
    bus.publisher('robot/other')
    publisher.send('{"x":1}\n{"x":2}\n')
    wait_until(lambda: bus.json('topic', 'ls', 'robot/pose')['topics'][0]['messages'] == 3, 'three messages')
    topics = bus.json('topic', 'ls')['topics']
    equal([t['name'] for t in topics], ['robot/other', 'robot/pose'])
    check({'name', 'type', 'publishers', 'subscribers', 'observers', 'rate', 'bytes_per_second', 'lost'} <= set(topics[1]), topics[1])
    equal((topics[1]['type'], topics[1]['publishers'], topics[1]['subscribers'], topics[1]['lost']), ('demo.Pose', 1, 0, 0))
    check(topics[1]['rate'] > 0 and topics[1]['bytes_per_second'] > 0, topics[1])


def test_patterns_choose_and_exclude(bus):
    for name in ('robot/arm/pose', 'robot/leg/pose', 'log/a'):
        bus.publisher(name)
    names = lambda *a: [t['name'] for t in bus.json('topic', 'ls', *a)['topics']]  # noqa: E731
    equal(names('robot/**'), ['robot/arm/pose', 'robot/leg/pose'])
    equal(names('robot/*/pose', 'log/*', '-x', 'robot/leg/**'), ['log/a', 'robot/arm/pose'])
    equal(names('-x', 'robot/leg/**', '-x', 'log/*', 'robot/**', '*/*'), ['robot/arm/pose'])
    equal(names('nothing/**'), [])
    bus.run('topic', 'ls', 'nothing/here', status=NO_SUCH_THING)
    bus.run('topic', 'ls', 'a//b', status=USAGE)


def test_tables_fit_the_terminal_and_are_whole_elsewhere(bus):
    name = 'a/rather/long/name/of/a/topic/that/no/terminal/of/sixty/columns/could/ever/show'
    bus.publisher(name)
    narrow = on_a_terminal(bus, 60, 'topic', 'ls')
    check(all(len(line) <= 60 for line in narrow.splitlines()), narrow)
    check('…' in narrow and '\x1b' not in narrow, narrow)
    check(name in on_a_terminal(bus, 60, 'topic', 'ls', '--wide'))
    check(name in bus.run('topic', 'ls').stdout)


def test_info_names_publishers_and_how_far_behind_each_subscriber_is(bus):
    publisher = bus.publisher('t')
    echo = bus.start('topic', 'echo', 't', '--reliable')
    bus.listening('t')
    publisher.send('{}\n')
    echo.line()
    echo.signal(signal.SIGSTOP)
    publisher.send('{}\n{}\n{}\n')
    topic = wait_until(lambda: next((t for t in bus.json('topic', 'info', 't')['topics'] if t['publishers'][0]['sequence'] == 5), None), 'five messages')
    equal((topic['publishers'][0]['pid'], topic['publishers'][0]['ring_bytes'], topic['publishers'][0]['held_by']), (publisher.pid, 1 << 20, None))
    subscriber = topic['subscribers'][0]
    equal((subscriber['pid'], subscriber['kind'], subscriber['behind'], subscriber['lost']), (echo.pid, 'reliable', 3, 0))
    check(f'bus[{echo.pid}]' in bus.run('topic', 'info', 't').stdout)
    echo.signal(signal.SIGCONT)
    wait_until(lambda: bus.json('topic', 'info', 't')['topics'][0]['subscribers'][0]['behind'] == 0, 'it to catch up')


def test_info_shows_who_holds_up_a_publisher(bus):
    publisher = bus.publisher('t', '--ring', '4K')
    echo = bus.start('topic', 'echo', 't', '--reliable')
    bus.listening('t')
    echo.signal(signal.SIGSTOP)
    publisher.send('{}\n' * 200)
    progress = lambda: bus.json('topic', 'info', 't')['topics'][0]['subscribers'][0]['progress'][0]  # noqa: E731
    wait_until(lambda: progress()['holds_up'], 'the publisher to wait')
    text = bus.run('topic', 'info', 't').stdout
    check('held up by client' in text and 'holds it up' in text, text)
    echo.signal(signal.SIGCONT)
    wait_until(lambda: not progress()['holds_up'] and progress()['behind'] == 0, 'it to go on')
    check('holds it up' not in bus.run('topic', 'info', 't').stdout)


def test_info_of_what_is_not_there_is_status_3(bus):
    equal(bus.error('topic', 'info', 'nothing/here', status=NO_SUCH_THING)['code'], 'not_found')
    bus.run('topic', 'info', status=USAGE)


def test_clients_are_listed_and_gone_when_killed(bus):
    publisher = bus.publisher('t')
    clients = bus.json('client', 'ls')['clients']
    equal([(c['pid'], c['name'], c['uid'], c['publishers'], c['alive']) for c in clients], [(publisher.pid, 'bus', os.geteuid(), 1, True)])
    check(TIME.match(clients[0]['since']) and isinstance(clients[0]['id'], int), clients)
    check(str(publisher.pid) in bus.run('client', 'ls').stdout)
    publisher.signal(signal.SIGKILL)
    wait_until(lambda: bus.json('client', 'ls')['clients'] == [], 'the dead to be cleaned up')


def test_ipc_names_every_object_that_ipcs_has(bus):
    bus.publisher('t')
    bus.start('topic', 'echo', 't')
    bus.listening('t')
    document = bus.json('ipc')
    equal(document['bus'], 't')
    kinds = {'segment': 'shm', 'queue': 'msg', 'semaphores': 'sem'}
    ours = sorted(f"{kinds[o['kind']]} {struct.unpack('i', struct.pack('I', int(o['key'], 16)))[0]} {o['id']}"
                  for o in document['objects'] if o['kind'] != 'fifo')
    equal(ours, sorted(kernel_objects()))
    check(all(o['exists'] for o in document['objects']), document)
    fifos = [o['path'] for o in document['objects'] if o['kind'] == 'fifo']
    check(len(fifos) == 3 and all(os.path.exists(p) for p in fifos), fifos)
    sessions = {c['id'] for c in bus.json('client', 'ls')['clients']}
    equal({o['client'] for o in document['objects'] if o['client'] is not None}, sessions)


def test_ipc_tells_what_somebody_else_removed(bus):
    publisher = bus.publisher('t')
    arena = next(o for o in bus.json('ipc')['objects'] if o['use'] == 'arena')
    subprocess.run(['ipcrm', '-m', str(arena['id'])], check=True)
    gone = [o for o in bus.json('ipc')['objects'] if o.get('id') == arena['id'] and not o['exists']]
    equal(len(gone), 1)
    check(publisher.process.poll() is None)


def test_wait_topic_ends_when_it_is_there(bus):
    waiting = bus.start('wait', 'topic', 'late/topic', '--publishers', '1', '--subscribers', '1')
    echo = bus.start('topic', 'echo', 'late/topic')
    check('waiting' in echo.error_line())
    equal(waiting.process.poll(), None)
    bus.publisher('late/topic')
    equal(waiting.end()[0], DONE)


def test_wait_topic_times_out_with_124_and_the_numbers(bus):
    error = bus.error('wait', 'topic', 'late/topic', '-t', '100ms', status=TIMEOUT)
    check('0 publishers' in error['what'], error)
    bus.run('wait', 'topic', status=USAGE)
    waiting = bus.start('wait', 'topic', 'late/topic')
    waiting.catches(signal.SIGINT)
    waiting.signal(signal.SIGINT)
    equal(waiting.end()[0], INTERRUPTED)


@without_broker
def test_help_and_usage(bus):
    for arguments in (('--help',), ('-h',), ('topic', '--help'), ('topic', 'echo', '--help'), ('--help', 'topic', 'echo'), ('help',), ('--version',)):
        done = bus.run(*arguments, status=DONE)
        check(done.stdout and not done.stderr, arguments)
    for arguments in (('nonsense',), ('topic',), ('topic', 'nonsense'), ('--nonsense',), ('topic', 'ls', '--nonsense'), ('topic', 'ls', '-t', 'x')):
        done = bus.run(*arguments, status=USAGE)
        check(done.stderr and not done.stdout, arguments)
        equal(bus.error(*arguments, status=USAGE)['code'], 'invalid', arguments)
    bus.run('--bus', status=USAGE)
    for arguments in (('topic', 'echo', '--help'), ('help', 'topic', 'echo')):
        check('--history' in bus.run(*arguments).stdout, arguments)
    equal(bus.run('help', 'topic').stdout, bus.run('topic', '--help').stdout)
    equal(bus.run('help').stdout, bus.run('--help').stdout)
    bus.run('help', 'nonsense', status=USAGE)


def test_a_topic_may_be_named_like_a_verb(bus):
    bus.publisher('ls')
    equal([t['name'] for t in bus.json('topic', 'ls', 'ls')['topics']], ['ls'])
    equal([t['name'] for t in bus.json('topic', 'info', 'ls')['topics']], ['ls'])


def test_a_full_disk_is_an_error(bus):
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([BUS, 'topic', 'ls'], env=bus.environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    equal(done.returncode, ERROR)
    check('standard output' in done.stderr, done.stderr)


def test_a_bad_bus_name_is_an_error_that_names_it(bus):
    check('no/bus' in bus.run('--bus', 'no/bus', status=USAGE).stderr)
    check('relative' in bus.run(status=ERROR, env={'BUS_RUNTIME_DIR': 'relative'}).stderr)


def test_wait_topic_waits_for_the_next_broker_too(bus):
    publisher = bus.publisher('t')
    bus.stop(signal.SIGKILL)
    wait = bus.start('wait', 'topic', 't')
    check('is dead' in (said := wait.error_line()) and 'waiting for the next one' in said, said)
    bus.serve()
    equal(wait.end()[0], DONE)
    check(publisher.process.poll() is None)


if __name__ == '__main__':
    main(globals())
