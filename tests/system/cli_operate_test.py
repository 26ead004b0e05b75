"""topic rm, client evict, client info: looking at one client, and taking things away, never by accident."""
import signal

from cli_support import *  # noqa: F403


def retained(bus, topic):
    """A topic that outlives its publisher, kept by a pattern's reader that still has to read it."""
    reader = bus.start('topic', 'echo', topic + '/**', '--reliable')
    wait_until(lambda: bus.json()['subscribers'] >= 1, 'the reader')
    reader.signal(signal.SIGSTOP)
    bus.run('topic', 'pub', topic + '/a', '{}', '--type', 'demo.Pose', '--proto', bus.proto, '--once', '-t', '200ms', status=None)
    return reader


def test_rm_removes_a_topic_nobody_uses(bus):
    reader = retained(bus, 'old')
    equal(bus.json('topic', 'rm', 'old/a', '--force'), {'dry_run': False, 'removed': [{'topic': 'old/a'}]})
    reader.signal(signal.SIGCONT)
    wait_until(lambda: bus.run('topic', 'ls', 'old/a', status=None).returncode == NO_SUCH_THING, 'its reader to have read the rest')
    equal(bus.error('topic', 'rm', 'old/a', '--force', status=NO_SUCH_THING)['code'], 'not_found')


def test_rm_without_a_terminal_wants_force_and_does_nothing(bus):
    retained(bus, 'old')
    error = bus.error('topic', 'rm', 'old/a', status=USAGE)
    check('--force' in error['hint'] and "remove topic 'old/a'" in error['what'], error)
    equal(bus.run('topic', 'ls', 'old/a').returncode, DONE)


def test_a_dry_run_says_what_would_be_and_does_nothing(bus):
    retained(bus, 'old')
    equal(bus.json('topic', 'rm', 'old/*', '--dry-run'), {'dry_run': True, 'removed': [{'topic': 'old/a'}]})
    check('would remove old/a' in bus.run('topic', 'rm', 'old/a', '--dry-run').stdout)
    equal(bus.run('topic', 'ls', 'old/a').returncode, DONE)
    bus.run('topic', 'rm', 'old/a', '--dry-run', '--force', status=USAGE)


def test_a_topic_in_use_is_not_removed_and_its_users_are_named(bus):
    publisher = bus.publisher('used')
    client = bus.json('client', 'ls')['clients'][0]['id']
    for more in ('--force', '--dry-run'):
        error = bus.error('topic', 'rm', 'used', more, status=ERROR)
        equal(error['code'], 'conflict')
        check(f'bus (client {client})' in error['what'], error)
    check(publisher.process.poll() is None)


def test_rm_of_a_pattern_that_means_nothing_is_status_3(bus):
    equal(bus.error('topic', 'rm', 'nothing/**', '--force', status=NO_SUCH_THING)['code'], 'not_found')
    bus.run('topic', 'rm', status=USAGE)
    bus.run('topic', 'rm', '//', '--force', status=USAGE)


def test_evict_ends_a_session_given_by_number_name_or_name_and_pid(bus):
    for name_of in (lambda c: str(c['id']), lambda c: c['name'], lambda c: f'{c["name"]}[{c["pid"]}]'):
        publisher = bus.publisher('t')
        client = bus.json('client', 'ls')['clients'][0]
        equal(client['pid'], publisher.pid)
        equal(bus.json('client', 'evict', name_of(client), '--force'),
              {'dry_run': False, 'evicted': [{'id': client['id'], 'name': 'bus', 'pid': publisher.pid, 'uid': client['uid']}]})
        status, _, err = publisher.end()
        check(status != DONE or not err, status, err)
        wait_until(lambda: not bus.json('client', 'ls')['clients'], 'that it has gone')


def test_a_name_that_several_have_is_no_name(bus):
    publishers = [bus.publisher('a'), bus.publisher('b')]
    error = bus.error('client', 'evict', 'bus', '--force', status=ERROR)
    equal(error['code'], 'conflict')
    check(all(f'bus[{p.pid}]' in error['what'] for p in publishers) and 'NAME[PID]' in error['hint'], error)
    equal(len(bus.json('client', 'ls')['clients']), 2)
    equal(bus.error('client', 'info', 'bus', status=ERROR)['code'], 'conflict')


def test_nobody_is_evicted_where_one_of_those_named_is_not_there(bus):
    bus.publisher('a')
    client = bus.json('client', 'ls')['clients'][0]['id']
    equal(bus.error('client', 'evict', str(client), 'nobody', '--force', status=NO_SUCH_THING)['code'], 'not_found')
    equal(len(bus.json('client', 'ls')['clients']), 1)
    bus.run('client', 'evict', status=USAGE)
    bus.run('client', 'evict', str(client), status=USAGE)
    check('would evict client' in bus.run('client', 'evict', str(client), '--dry-run').stdout)
    equal(len(bus.json('client', 'ls')['clients']), 1)


def test_client_info_names_what_it_publishes_and_reads(bus):
    publisher = bus.publisher('robot/pose')
    echo = bus.start('topic', 'echo', 'robot/**', '--reliable')
    bus.listening('robot/pose')
    clients = {c['pid']: c['id'] for c in bus.json('client', 'ls')['clients']}
    shown = bus.json('client', 'info', str(clients[publisher.pid]), str(clients[echo.pid]))['clients']
    equal([c['id'] for c in shown], [clients[publisher.pid], clients[echo.pid]])
    for client in shown:
        check({'id', 'name', 'pid', 'uid', 'gid', 'since', 'lost', 'alive', 'publishers', 'subscribers', 'objects'} <= set(client), client)
    equal([(p['topic'], p['sequence']) for p in shown[0]['publishers']], [('robot/pose', 1)])
    equal([(s['pattern'], s['kind'], s['progress'][0]['topic'], s['progress'][0]['publisher']) for s in shown[1]['subscribers']],
          [('robot/**', 'reliable', 'robot/pose', shown[0]['publishers'][0]['id'])])
    check({'segment', 'fifo'} <= {o['kind'] for o in shown[1]['objects']}, shown[1]['objects'])
    text = bus.run('client', 'info', str(clients[echo.pid])).stdout
    check(f'bus[{echo.pid}]' in text and 'robot/pose (robot/**)' in text, text)


def test_client_info_of_nobody_is_status_3(bus):
    equal(bus.error('client', 'info', '99', status=NO_SUCH_THING)['code'], 'not_found')


@without_broker
def test_without_a_broker_all_of_them_are_status_4(bus):
    for arguments in (('topic', 'rm', 't', '-f'), ('client', 'evict', '1', '-f'), ('client', 'info', '1'), ('lost',), ('schema', 'show', 't'), ('dump',)):
        equal(bus.error(*arguments, status=NO_BROKER)['code'], 'no_broker', arguments)


def test_client_info_of_a_bus_whose_broker_died_shows_it_and_is_status_4(bus):
    publisher = bus.publisher('t')
    client = str(bus.json('client', 'ls')['clients'][0]['id'])
    bus.broker.kill()
    bus.broker.wait()
    bus.broker = None
    done = bus.run('client', 'info', client, '--json', status=NO_BROKER)
    equal(json.loads(done.stdout)['clients'][0]['pid'], publisher.pid)
    publisher.process.kill()
    publisher.process.wait()
    bus.run('doctor', '--clean', status=None)


def test_an_evicted_program_is_told_what_to_do(bus):
    echo = bus.start('topic', 'echo', 'a/**')
    wait_until(lambda: bus.json()['observers'] == 1, 'the reader')
    bus.run('client', 'evict', 'bus', '--force')
    status, _, err = echo.end()
    equal(status, ERROR)
    check('evicted' in err and 'busd --detach' not in err, err)


if __name__ == '__main__':
    main(globals())
