"""lost, schema show, dump, doctor --nagios: what is told of a bus."""
import base64
import os
import signal
import subprocess

from cli_support import *  # noqa: F403


def lose_some(bus):
    """A reader that lost messages, and knows it."""
    publisher = bus.publisher('t', '--ring', '4K')
    echo = bus.start('topic', 'echo', 't')
    bus.listening('t')
    echo.signal(signal.SIGSTOP)
    publisher.send('{"text":"' + 'x' * 400 + '"}\n')
    publisher.send(''.join('{"text":"' + 'x' * 400 + '"}\n' for _ in range(100)))
    wait_until(lambda: bus.json('topic', 'info', 't')['topics'][0]['publishers'][0]['sequence'] == 102, 'all of them')
    echo.signal(signal.SIGCONT)
    wait_until(lambda: bus.json('topic', 'ls', 't')['topics'][0]['lost'] > 0, 'the loss')
    return publisher, echo


def test_lost_is_0_where_nothing_was_lost(bus):
    bus.publisher('t')
    equal(bus.json('lost'), {'lost': 0, 'losses': []})
    equal(bus.run('lost').stdout, 'nothing was lost\n')
    equal(bus.error('lost', 'nothing', status=NO_SUCH_THING)['code'], 'not_found')
    bus.run('lost', 'nothing/**', status=DONE)


def test_lost_says_who_lost_what_of_whom_and_why_with_status_1(bus):
    _, echo = lose_some(bus)
    told = bus.json('lost', status=ERROR)
    equal(told['lost'], sum(loss['count'] for loss in told['losses']))
    loss = told['losses'][0]
    equal((loss['topic'], loss['pid'], loss['name']), ('t', echo.pid, 'bus'))
    check(loss['count'] > 0 and loss['why'] and loss['publisher'] and loss['client'], loss)
    check(f'bus[{echo.pid}]' in bus.run('lost', 't', status=ERROR).stdout)
    bus.run('lost', 'other/**', status=DONE)
    bus.run('lost', '-x', 't', status=DONE)


def test_schema_show_writes_a_proto_file_that_protoc_takes(bus):
    bus.publisher('robot/pose')
    for what in ('demo.Pose', 'robot/pose'):
        text = bus.run('schema', 'show', what).stdout
        check('message Pose {' in text and 'repeated .demo.Inner list = 5;' in text, text)
    copy = os.path.join(bus.folder, 'copy.proto')
    with open(copy, 'w', encoding='ascii') as file:
        file.write(bus.run('schema', 'show', 'demo.Pose').stdout)
    bus.run('topic', 'pub', 'robot/copy', '{"x":1}', '--type', 'demo.Pose', '--proto', copy)
    bus.run('topic', 'pub', 'robot/pose', '{"x":1}')
    schema = bus.json('schema', 'show', 'demo.Pose')['schemas'][0]
    equal((schema['type'], schema['kind'], [f['package'] for f in schema['files']]), ('demo.Pose', 'protobuf', ['demo']))
    raw = subprocess.run([BUS, 'schema', 'show', 'demo.Pose', '--raw'], env=bus.environment, capture_output=True, check=True).stdout
    equal(base64.b64decode(schema['descriptor_set']), raw)


def test_schema_show_of_bytes_says_so(bus):
    bus.start('topic', 'pub', 'raw', '--stdin', '--type', 'bytes').send('"aGk="\n')
    bus.run('wait', 'topic', 'raw', '-t', '20s')
    check('no type' in bus.run('schema', 'show', 'raw').stdout)
    equal(bus.json('schema', 'show', 'raw')['schemas'], [{'type': '', 'kind': 'bytes', 'files': [], 'descriptor_set': None}])


def test_schema_show_of_what_is_not_there_is_status_3(bus):
    equal(bus.error('schema', 'show', 'no.Type', status=NO_SUCH_THING)['code'], 'not_found')
    bus.run('schema', 'show', status=USAGE)
    bus.run('schema', 'show', 'a', 'b', '--raw', status=USAGE)
    bus.run('schema', 'show', 'a', '--raw', '--json', status=USAGE)


def test_dump_has_all_that_is_there(bus):
    publisher = bus.publisher('robot/pose')
    echo = bus.start('topic', 'echo', 'robot/**')
    bus.listening('robot/pose')
    def once(pairs):
        equal(len(pairs), len({key for key, _ in pairs}), f'a name twice in {[key for key, _ in pairs]}')
        return dict(pairs)
    dump = json.loads(bus.run('dump', '--json').stdout, object_pairs_hook=once)
    check({'bus', 'folder', 'broker', 'clients', 'topics', 'losses', 'objects'} <= set(dump), list(dump))
    equal({c['pid'] for c in dump['clients']}, {publisher.pid, echo.pid})
    equal([(t['name'], len(t['publishers']), len(t['subscribers'])) for t in dump['topics']], [('robot/pose', 1, 1)])
    equal(len([o for o in dump['objects'] if o['kind'] != 'fifo']), len(kernel_objects()))
    text = bus.run('dump').stdout
    check('robot/pose' in text and f'bus[{echo.pid}]' in text and 'directory' in text, text)


def test_dump_monitor_writes_again_when_somebody_comes_or_goes(bus):
    monitor = bus.start('dump', '-m', '--json')
    equal(monitor.json()['clients'], [])
    publisher = bus.publisher('t')
    wait_until(lambda: monitor.json()['topics'], 'a dump with the topic')
    publisher.end()
    wait_until(lambda: not monitor.json()['clients'], 'a dump without clients')
    monitor.signal(signal.SIGINT)
    equal(monitor.end()[0], DONE)


def test_dump_monitor_ends_after_a_count_or_a_time(bus):
    equal(len(bus.run('dump', '-m', '--json', '-n', '1').stdout.splitlines()), 1)
    bus.run('dump', '-m', '--json', '-d', '100ms', status=DONE)
    bus.run('dump', '-n', '1', status=USAGE)
    counted = bus.start('dump', '-m', '--json', '-n', '5')
    counted.json()
    counted.signal(signal.SIGINT)
    equal(counted.end()[0], INTERRUPTED)


def test_dump_monitor_ends_silently_when_its_reader_goes(bus):
    monitor = bus.start('dump', '-m', '--json')
    monitor.json()
    monitor.process.stdout.close()
    equal(monitor.process.wait(PATIENCE), DONE)
    equal(monitor.process.stderr.read(), b'')


def test_dump_monitor_outlives_the_broker_and_ends_with_the_bus(bus):
    monitor = bus.start('dump', '-m', '--json')
    equal(monitor.json()['broker']['alive'], True)
    bus.stop(signal.SIGKILL)
    equal(monitor.json()['broker']['alive'], False)
    bus.serve()
    generation = wait_until(lambda: (d := monitor.json())['broker']['alive'] and d['broker']['generation'], 'the next one')
    check(generation >= 2, generation)
    bus.stop()
    status, _, err = monitor.end()
    equal(status, NO_BROKER, err)


def test_nagios_is_one_line_with_its_status(bus):
    done = bus.run('doctor', '--nagios', '--bus', 't', status=None)
    check(done.returncode in (0, 1) and len(done.stdout.splitlines()) == 1 and done.stdout.startswith('BUS ') and ' | serving=1 ' in done.stdout, done.stdout)
    missing = bus.run('doctor', '--nagios', '--bus', 'nowhere', status=3)
    check(missing.stdout.startswith('BUS UNKNOWN - there is no bus'), missing.stdout)
    bus.run('doctor', '--nagios', '--json', status=3)
    bus.stop(signal.SIGKILL)
    dead = bus.run('doctor', '--nagios', '--bus', 't', status=2)
    check(dead.stdout.startswith("BUS CRITICAL - bus 't' has lost its broker"), dead.stdout)
    bus.run('doctor', '--clean', status=None)


def test_a_schema_mismatch_lists_its_changes(bus):
    bus.publisher('t')
    other = os.path.join(bus.folder, 'other.proto')
    with open(other, 'w', encoding='ascii') as file:
        file.write(PROTO.replace('double x = 1', 'string x = 1'))
    done = bus.run('topic', 'pub', 't', '{}', '--type', 'demo.Pose', '--proto', other, '--json', status=SCHEMA_MISMATCH)
    difference = json.loads(done.stderr.splitlines()[-1])['error']['schema_difference']
    equal([(c['verdict'], c['field'].split('.')[-1]) for c in difference['changes'] if c['verdict'] == 'refused'], [('refused', 'x')])


if __name__ == '__main__':
    main(globals())
