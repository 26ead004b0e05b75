"""bus events: what it writes of those who come, leave, die and are refused, and when it ends."""
import os
import signal

from cli_support import *  # noqa: F403

FIELDS = ['time', 'kind', 'topic', 'client', 'publisher', 'text', 'count', 'how', 'code', 'type', 'reader', 'generation', 'lost']


def watch(bus, *arguments):
    """`bus events`, once it listens."""
    events = bus.start('events', *arguments)
    bus.listening('$bus/events')
    return events


def until(events, kind, **wanted):
    """The next event of that kind that has these values; what comes before is passed over."""
    while True:
        line = events.line()
        check(line is not None, 'it ended:', events.errors_so_far())
        event = json.loads(line)
        if event['kind'] == kind and all(event[key] == value for key, value in wanted.items()):
            return event


def test_it_writes_one_json_object_an_event(bus):
    events = watch(bus, '--json')
    publisher = bus.publisher('robot/pose')
    came = events.json()
    equal(list(came), FIELDS)
    equal(came['kind'], 'client_came')
    equal((came['client']['pid'], came['client']['name'], came['client']['uid']), (publisher.pid, 'bus', os.geteuid()))
    check(isinstance(came['client']['id'], int) and came['count'] == 2, came)
    check(len(came['time']) == len('2024-05-01T12:00:00.000000001Z') and came['time'].endswith('Z'), came['time'])
    equal((came['topic'], came['publisher'], came['text'], came['how'], came['code'], came['lost']), (None, None, None, None, None, 0))
    made = events.json()
    equal((made['kind'], made['topic'], made['type'], made['client']), ('topic_made', 'robot/pose', 'demo.Pose', None))
    came = events.json()
    equal((came['kind'], came['topic'], came['type'], came['count']), ('publisher_came', 'robot/pose', 'demo.Pose', 1))
    equal(came['publisher'], bus.json('topic', 'info', 'robot/pose')['topics'][0]['publishers'][0]['id'])


def test_it_tells_who_said_goodbye_and_who_died(bus):
    events = watch(bus, '--json')
    polite, other = bus.publisher('polite'), bus.publisher('other')
    polite.end()
    equal(until(events, 'client_left')['how'], 'said_goodbye')
    other.signal(signal.SIGKILL)
    left = until(events, 'client_left')
    equal((left['how'], left['client']['pid']), ('died', other.pid))
    equal(until(events, 'publisher_left')['topic'], 'other')
    gone = until(events, 'topic_gone')
    equal((gone['topic'], gone['how']), ('other', 'was_unused'))


def test_it_tells_of_subscribers(bus):
    events = watch(bus, '--json')
    echo = bus.start('topic', 'echo', 'a/**')
    came = until(events, 'subscriber_came')
    equal((came['topic'], came['reader'], came['count'], came['client']['pid']), ('a/**', 'observer', None, echo.pid))
    echo.signal(signal.SIGINT)
    equal(until(events, 'subscriber_left')['client']['pid'], echo.pid)


def test_it_tells_what_was_refused_with_the_difference(bus):
    events = watch(bus, '--json')
    bus.publisher('t')
    other = os.path.join(bus.folder, 'other.proto')
    with open(other, 'w', encoding='ascii') as file:
        file.write('syntax = "proto3"; package demo; message Pose { string x = 1; }')
    bus.run('topic', 'pub', 't', '{}', '--type', 'demo.Pose', '--proto', other, status=SCHEMA_MISMATCH)
    refused = until(events, 'refused')
    equal((refused['topic'], refused['code']), ('t', 'schema_mismatch'))
    check('demo.Pose' in refused['text'] and 'string' in refused['text'] and 'double' in refused['text'], refused)


def test_it_writes_lines_for_people(bus):
    events = watch(bus)
    publisher = bus.publisher('robot/pose')
    line = events.line()
    check(len(line.split()[0]) == len('12:00:00.000'), line)
    equal(line.split()[1:], ['client_came', f'bus[{publisher.pid}]', 'of', 'uid', f'{os.geteuid()},', '2', 'clients'])
    equal(events.line().split()[1:], ['topic_made', 'robot/pose', '(demo.Pose)'])
    equal(events.line().split()[1:], ['publisher_came', 'robot/pose', '(demo.Pose)', 'of', f'bus[{publisher.pid}],', '1', 'publisher'])
    publisher.signal(signal.SIGKILL)
    equal(events.line().split()[1:], ['client_left', f'bus[{publisher.pid}]', 'died,', '1', 'client'])


def test_kinds_and_topics_choose(bus):
    events = watch(bus, '--json', '--kind', 'publisher_came', '--kind', 'topic_gone', '--topic', 'robot/**', '-n', '2')
    bus.pub('other', '{}')
    bus.pub('robot/pose', '{}')
    equal([(e['kind'], e['topic']) for e in (events.json(), events.json())], [('publisher_came', 'robot/pose'), ('topic_gone', 'robot/pose')])
    equal(events.end()[0], DONE)


def test_it_goes_on_with_the_next_broker(bus):
    events = watch(bus, '--json')
    bus.stop(signal.SIGKILL)
    lost = events.json()
    equal((lost['kind'], lost['generation']), ('broker_lost', None))
    bus.serve()
    taken = events.json()
    equal((taken['kind'], taken['generation']), ('broker_took_over', 2))
    publisher = bus.publisher('t')
    equal(until(events, 'publisher_came')['client']['pid'], publisher.pid)


def test_it_tells_that_the_broker_hands_over(bus):
    events = watch(bus, '--json')
    bus.stop(signal.SIGQUIT)
    equal(events.json()['kind'], 'broker_ending')
    equal(events.json()['kind'], 'broker_lost')
    bus.serve()
    equal(events.json()['kind'], 'broker_took_over')


def test_the_ordered_end_of_the_bus_is_told_and_then_an_error(bus):
    events = watch(bus, '--json')
    bus.stop()
    equal(events.json()['kind'], 'broker_ending')
    status, out, err = events.end()
    equal((status, out), (ERROR, ''))
    equal(json.loads(err.splitlines()[-1])['error']['code'], 'closed')


def test_a_stopped_reader_holds_nobody_up_and_says_what_it_lost(bus):
    events = watch(bus, '--json')
    publisher = bus.publisher('t')
    until(events, 'publisher_came')
    events.signal(signal.SIGSTOP)
    for _ in range(16):  # a hundred topics and subscriptions come and go each time: more than the ring holds
        bus.run('topic', 'echo', *(f'many/{number}' for number in range(100)), '-d', '1ms')
    publisher.signal(signal.SIGKILL)
    publisher.process.wait(PATIENCE)
    events.signal(signal.SIGCONT)
    lost = 0
    while True:
        event = events.json()
        lost += event['lost']
        if event['kind'] == 'client_left' and event['how'] == 'died':
            break
    check(lost > 0, 'nothing was lost')
    events.signal(signal.SIGINT)
    status, _, err = events.end()
    equal(status, DONE)
    check(f'{lost} lost' in err and 'events were lost here' in err, err)


def test_count_duration_and_timeout_end_it(bus):
    equal(bus.run('events', '-n', '0').stdout, '')
    bus.run('events', '-d', '100ms', status=DONE)
    bus.run('events', '-t', '100ms', status=TIMEOUT)
    error = bus.error('events', '-n', '3', '-t', '100ms', status=TIMEOUT)
    check('0 of 3' in error['what'], error)
    once = watch(bus, '--once')
    bus.pub('t', '{}')
    status, out, _ = once.end()
    equal((status, len(out.splitlines())), (DONE, 1))


def test_sigint_is_the_ordinary_end_and_status_130_where_it_cuts_something_short(bus):
    for limit, wanted in (((), DONE), (('-n', '5'), INTERRUPTED), (('-d', '1h'), INTERRUPTED)):
        events = watch(bus, *limit)
        events.signal(signal.SIGINT)
        status, _, err = events.end()
        equal(status, wanted, limit)
        check('0 events' in err, err)


def test_a_reader_that_goes_away_ends_it_silently(bus):
    events = watch(bus)
    events.process.stdout.close()
    equal(events.process.wait(PATIENCE), DONE)
    equal(events.process.stderr.read(), b'')


def test_only_a_listener_makes_the_topic(bus):
    bus.pub('warm', '{}')  # what the sessions of a user share stays for a while
    before = wait_until(lambda: not bus.json('client', 'ls')['clients'] and kernel_objects(), 'the first client to go')
    equal(bus.json('topic', 'ls', '$bus/**')['topics'], [])
    events = watch(bus)
    equal([topic['name'] for topic in bus.json('topic', 'ls', '$bus/**')['topics']], ['$bus/events'])
    equal(bus.json('topic', 'ls')['topics'], [])
    events.signal(signal.SIGINT)
    events.end()
    wait_until(lambda: not bus.json('topic', 'ls', '$bus/**')['topics'], 'the topic to go')
    wait_until(lambda: kernel_objects() == before, 'its ring to go')


def test_echo_decodes_it(bus):
    echo = bus.start('topic', 'echo', '$bus/events', '--json')
    bus.listening('$bus/events')
    bus.pub('t', '{}')
    line = echo.json()
    equal((line['topic'], line['type'], line['message']['kind']), ('$bus/events', 'bus.v1.Event', 'client_came'))


def test_bad_options_are_status_2(bus):
    for arguments in (('--kind', 'nothing'), ('--kind', 'kind_unknown'), ('--topic', 'a//b'), ('-n', 'x'), ('--once', '-n', '2'), ('word',)):
        bus.run('events', *arguments, status=USAGE)
    error = bus.error('events', '--kind', 'nothing', status=USAGE)
    check('client_came' in error['hint'] and 'broker_lost' in error['hint'], error)


@without_broker
def test_no_broker_is_status_4(bus):
    equal(bus.error('events', status=NO_BROKER)['code'], 'no_broker')


if __name__ == '__main__':
    main(globals())
