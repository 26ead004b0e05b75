"""bus topic pub: types, counts, rates, standard input, and its end."""
import signal
import time

from cli_support import *  # noqa: F403


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_the_first_publisher_gives_type_and_file_and_the_next_know_it_from_the_bus(bus):
    bus.publisher('robot/pose')
    echo = bus.start('topic', 'echo', 'robot/pose', '--json')
    bus.listening('robot/pose')
    bus.run('topic', 'pub', 'robot/pose', '{"x": 2.5}')
    line = echo.json()
    equal((line['message']['x'], line['sequence'], line['type']), (2.5, 1, 'demo.Pose'))


def test_an_unknown_type_is_status_3_and_says_how_to_give_it(bus):
    error = bus.error('topic', 'pub', 'new/topic', '{}', status=NO_SUCH_THING)
    check('--proto' in error['hint'], error)
    error = bus.error('topic', 'pub', 'new/topic', '{}', '--type', 'no.Such', status=NO_SUCH_THING)
    check('no.Such' in error['what'], error)


def test_another_type_is_status_6(bus):
    bus.publisher('t')
    error = bus.error('topic', 'pub', 't', '{}', '--type', 'demo.Other', '--proto', bus.proto, status=SCHEMA_MISMATCH)
    check('demo.Pose' in error['what'] and 'demo.Other' in error['what'], error)


def test_a_message_that_does_not_fit_the_type_is_an_error_and_nothing_is_published(bus):
    bus.publisher('t')
    for message in ('{"colour": 1}', '{"x": "much"}', '{', '[]'):
        what = bus.error('topic', 'pub', 't', message, status=ERROR)['what']
        check('demo.Pose' in what and '\n' not in what, what)
    equal(bus.json('topic', 'ls', 't')['topics'][0]['messages'], 1)


def test_a_broken_proto_file_is_an_error_that_names_it(bus):
    broken = bus.proto + '.broken.proto'
    with open(broken, 'w', encoding='ascii') as file:
        file.write('message {')
    for path in (broken, bus.proto + '.missing'):
        check(path in bus.run('topic', 'pub', 't', '{}', '--type', 'demo.Pose', '--proto', path, status=None).stderr, path)


def test_a_file_that_is_no_proto_at_all_is_told_in_a_few_lines(bus):
    garbage = bus.proto + '.garbage'
    with open(garbage, 'wb') as file:
        file.write(bytes(range(128, 256)) * 8)
    what = bus.error('topic', 'pub', 't', '{}', '--type', 'demo.Pose', '--proto', garbage, status=ERROR)['what']
    check(len(what.splitlines()) < 10 and 'more' in what, what)


def test_well_known_types_need_no_file(bus):
    echo = bus.start('topic', 'echo', 'text', '--json')
    check('waiting' in echo.error_line())
    bus.run('topic', 'pub', 'text', '"hi"', '--type', 'google.protobuf.StringValue', '-w', '1')
    equal(echo.json()['message'], 'hi')


def test_count_publishes_so_many(bus):
    echo = bus.start('topic', 'echo', 't', '--json', '--reliable')
    check('waiting' in echo.error_line())
    bus.pub('t', '{"x":1}', '-n', '5', '-w', '1')
    equal([echo.json()['sequence'] for _ in range(5)], [1, 2, 3, 4, 5])


def test_rate_spaces_them(bus):
    echo = bus.start('topic', 'echo', 't', '--json', '--reliable')
    check('waiting' in echo.error_line())
    began = time.monotonic()
    bus.pub('t', '{"x":1}', '-n', '5', '-r', '20', '-w', '1')
    check(time.monotonic() - began >= 0.2, 'four gaps of 50 ms')
    times = [echo.json()['time'] for _ in range(5)]
    equal(times, sorted(times))


def test_a_rate_alone_runs_until_sigint_which_is_its_ordinary_end(bus):
    publisher = bus.start('topic', 'pub', 't', '{"x":1}', '-r', '100', '--type', 'demo.Pose', '--proto', bus.proto)
    bus.run('topic', 'echo', 't', '-n', '3', '-t', '20s')
    publisher.signal(signal.SIGINT)
    equal(publisher.end()[0], DONE)


def test_sigint_is_status_130_where_it_cuts_something_short(bus):
    for more in (('-n', '1000000', '-r', '10'), ('-w', '1')):
        publisher = bus.start('topic', 'pub', 't', '{"x":1}', *more, '--type', 'demo.Pose', '--proto', bus.proto)
        bus.run('wait', 'topic', 't', '-t', '20s')
        publisher.signal(signal.SIGINT)
        equal(publisher.end()[0], INTERRUPTED, more)
        wait_until(lambda: not bus.json('topic', 'ls')['topics'] or bus.json('topic', 'ls')['topics'][0]['publishers'] == 0, 'the topic to be left')


def test_it_waits_for_subscribers_and_times_out_with_124(bus):
    error = json.loads(bus.pub('t', '{}', '-w', '1', '-t', '100ms', '--json', status=TIMEOUT).stderr.splitlines()[-1])['error']
    check('0 of 1' in error['what'], error)


def test_it_ends_when_all_who_were_there_have_it(bus):
    first = bus.start('topic', 'echo', 't', '--json', '--reliable')
    check('waiting' in first.error_line())
    bus.pub('t', '{"x":1}', '-w', '1')
    info = bus.run('topic', 'info', 't', '--json', status=None)
    behind = [s['behind'] for t in (json.loads(info.stdout)['topics'] if info.returncode == DONE else []) for s in t['subscribers']]
    equal(sum(behind), 0, 'messages not read when pub had ended')
    equal(first.json()['message']['x'], 1)


def test_a_reliable_subscriber_that_is_stopped_holds_it_and_the_timeout_names_it(bus):
    echo = bus.start('topic', 'echo', 't', '--reliable')
    check('waiting' in echo.error_line())
    publisher = bus.start('topic', 'pub', 't', '--stdin', '--type', 'demo.Pose', '--proto', bus.proto, '-t', '1s', '--json')
    publisher.send('{"x":1}\n')
    echo.line()
    echo.signal(signal.SIGSTOP)
    publisher.send('{"x":2}\n')
    status, _, err = publisher.end()
    equal(status, TIMEOUT)
    check(f'bus[{echo.pid}]' in err, err)
    echo.signal(signal.SIGCONT)
    equal(echo.line() is not None, True, 'what was published stays')


def test_lines_of_echo_go_back_where_they_came_from(bus):
    a, b = bus.publisher('a'), bus.publisher('b/c')
    a.send('{"x":1}\n')
    b.send('{"x":2,"blob":"AAE="}\n')
    wait_until(lambda: sum(t['messages'] for t in bus.json('topic', 'ls')['topics']) == 4, 'four messages')
    recorded = bus.run('topic', 'echo', 'a', 'b/**', '--history', '1', '-n', '2', '--json').stdout
    echo = bus.start('topic', 'echo', 'a', 'b/**', '--json')
    bus.listening('a')
    bus.listening('b/c')
    bus.run('topic', 'pub', '--stdin', text=recorded)
    again = [echo.json(), echo.json()]
    key = lambda line: line['topic']  # noqa: E731
    for old, new in zip(sorted(lines(recorded), key=key), sorted(again, key=key)):
        equal((new['topic'], new['message']), (old['topic'], old['message']))


def test_a_topic_given_wins_over_that_of_the_lines(bus):
    bus.publisher('old')
    recorded = bus.run('topic', 'echo', 'old', '--history', '1', '--once', '--json').stdout
    echo = bus.start('topic', 'echo', 'new', '--json')
    check('waiting' in echo.error_line())
    bus.run('topic', 'pub', 'new', '-', '--type', 'demo.Pose', '--proto', bus.proto, '-w', '1', text=recorded)
    equal(echo.json()['topic'], 'new')


def test_lines_give_the_type_where_a_given_topic_is_new(bus):
    bus.publisher('old')
    recorded = bus.run('topic', 'echo', 'old', '--history', '1', '--once', '--json').stdout
    echo = bus.start('topic', 'echo', 'new', '--json')
    check('waiting' in echo.error_line())
    bus.run('topic', 'pub', 'new', '--stdin', '-w', '1', text=recorded)
    equal(echo.json()['type'], 'demo.Pose')


def test_lines_of_bytes_go_back_where_they_came_from(bus):
    line = '{"topic":"raw","type":"","message":"aGVsbG8="}'
    echo = bus.start('topic', 'echo', 'raw', '--json')
    check('waiting' in echo.error_line())
    bus.run('topic', 'pub', '--stdin', '-w', '1', text=line + '\n')
    heard = echo.json()
    equal((heard['type'], heard['message']), ('', 'aGVsbG8='))


def test_a_line_that_is_no_json_is_told_without_the_parser_s_own_words(bus):
    bus.publisher('t')
    what = bus.error('topic', 'pub', 't', '--stdin', status=ERROR, text='rubbish\n')['what']
    check('no JSON' in what and 'exception' not in what, what)


def test_the_end_of_the_bus_ends_it_while_standard_input_is_quiet(bus):
    publisher = bus.publisher('t')
    bus.stop()
    equal(publisher.process.wait(PATIENCE), ERROR)
    check('has ended' in publisher.errors_so_far())


def test_the_death_of_the_broker_does_not_end_it_while_standard_input_is_quiet(bus):
    publisher = bus.publisher('t')
    bus.stop(signal.SIGKILL)
    bus.serve()
    echo = bus.start('topic', 'echo', 't', '--json')
    bus.listening('t')
    publisher.send('{"x":7}\n')
    equal(echo.json()['message']['x'], 7)
    equal(publisher.end()[0], DONE)


def test_a_bare_message_needs_a_topic(bus):
    error = bus.error('topic', 'pub', '--stdin', status=USAGE, text='{"x":1}\n')
    check('topic' in error['what'], error)


def test_a_bad_line_is_an_error_with_its_number_and_those_before_it_are_published(bus):
    bus.publisher('t')
    echo = bus.start('topic', 'echo', 't', '--json')
    bus.listening('t')
    error = bus.error('topic', 'pub', 't', '--stdin', status=ERROR, text='{"x":1}\n\n{"x":2}\nrubbish\n{"x":3}\n')
    check('line 4' in error['what'], error)
    equal([echo.json()['message']['x'], echo.json()['message']['x']], [1, 2])


def test_delimited_bytes_come_back_as_they_were(bus):
    publisher = bus.publisher('t')
    publisher.send('{"text": "one"}\n{"text": "two"}\n')
    wait_until(lambda: bus.json('topic', 'ls', 't')['topics'][0]['messages'] == 3, 'three messages')
    recorded = bus.run('topic', 'echo', 't', '--history', '2', '-n', '2', '--raw=delimited').stdout
    echo = bus.start('topic', 'echo', 't', '--json')
    bus.listening('t')
    bus.run('topic', 'pub', 't', '--raw=delimited', text=recorded)
    equal([echo.json()['message']['text'], echo.json()['message']['text']], ['one', 'two'])


def test_a_large_message_makes_the_ring_large_enough(bus):
    echo = bus.start('topic', 'echo', 't', '--json', '--reliable')
    check('waiting' in echo.error_line())
    publisher = bus.start('topic', 'pub', 't', '--stdin', '--type', 'demo.Pose', '--proto', bus.proto, '-w', '1')
    publisher.send(json.dumps({'text': 'x' * 3_000_000}) + '\n')
    equal(len(echo.json()['message']['text']), 3_000_000)
    equal(publisher.end()[0], DONE)


def test_a_message_larger_than_its_ring_is_an_error_with_the_numbers(bus):
    error = json.loads(bus.pub('t', json.dumps({'text': 'x' * 60_000}), '--ring', '64K', '--json', status=ERROR).stderr.splitlines()[-1])['error']
    equal(error['code'], 'too_large')


def test_json_says_what_was_published(bus):
    echo = bus.start('topic', 'echo', 't')
    check('waiting' in echo.error_line())
    document = json.loads(bus.pub('t', '{}', '-n', '2', '-w', '1', '--json').stdout)
    topic = document['topics'][0]
    equal((topic['topic'], topic['published'], topic['subscribers']), ('t', 2, 1))


def test_the_own_topics_of_the_bus_are_not_for_others(bus):
    equal(bus.error('topic', 'pub', '$bus/log', '"x"', '--type', 'google.protobuf.StringValue', status=NOT_PERMITTED)['code'], 'not_permitted')


def test_usage_errors_are_status_2(bus):
    for arguments in ((), ('t',), ('t', '{}', '--stdin'), ('t', '{}', '-r', '0'), ('t', '{}', '-r', '1e-300'), ('t', '{}', '--once', '-n', '2'), ('a//b', '{}'),
                      ('t', '{}', '--proto', bus.proto), ('t', '{}', '-w', '-1'), ('t', '{}', '--ring', 'big')):
        bus.run('topic', 'pub', *arguments, status=USAGE)


def test_what_is_retained_is_there_for_who_comes_later(bus):
    bus.pub('settings/speed', '{"x":3}', '--retain')
    for _ in range(2):
        equal(json.loads(bus.run('topic', 'echo', 'settings/speed', '--json', '-n', '1', '-t', '20s').stdout)['message']['x'], 3)
    bus.run('topic', 'pub', 'settings/more', '--stdin', '--type', 'demo.Pose', '--proto', bus.proto, '--retain', '--history', '2',
            text=''.join(f'{{"x":{x}}}\n' for x in range(5)))
    equal(bus.run('topic', 'echo', 'settings/more', '--field', 'x', '-n', '2', '-t', '20s').stdout.split(), ['3', '4'])


def test_a_line_from_hell_is_an_error_and_no_crash(bus):
    bus.publisher('s')
    for deep in ('[' * 300000 + ']' * 300000, '{"x":' * 100000 + '1' + '}' * 100000):
        error = bus.error('topic', 'pub', 's', '--stdin', status=ERROR, text='{"topic":"s","message":' + deep + '}\n')
        check('nested deeper' in error['what'] and 'line 1' in error['what'], error['what'])


def test_a_wrong_line_is_an_error_of_the_data_not_of_the_usage(bus):
    bus.publisher('s')
    error = bus.error('topic', 'pub', '-', status=ERROR, text='{"topic":"s","message":{"x":1}}\n{"x":1}\n')
    check('line 2' in error['what'] and 'topic' in error['what'], error)


def test_ctrl_c_says_how_many_were_published(bus):
    publisher = bus.start('topic', 'pub', 't', '{}', '--type', 'demo.Pose', '--proto', bus.proto, '-r', '50', '--json')
    wait_until(lambda: bus.run('topic', 'ls', 't', status=None).returncode == DONE and bus.json('topic', 'ls', 't')['topics'][0]['messages'] > 2, 'messages')
    publisher.signal(signal.SIGINT)
    status, out, err = publisher.end()
    equal(status, DONE)
    told = json.loads(out)['topics'][0]
    check(told['published'] > 2 and f'{told["published"]} messages published' in err, told, err)


def test_closed_standard_streams_are_no_trap(bus):
    for redirect, status in (('<&-', DONE), ('>&-', ERROR), ('<&- >&-', ERROR)):
        done = subprocess.run(['sh', '-c', f'exec "$0" topic ls {redirect}', BUS], env=bus.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        equal(done.returncode, status, redirect + done.stderr)
    wait = subprocess.run(['sh', '-c', 'exec "$0" wait topic nope -t 300ms <&- >&-', BUS], env=bus.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    equal(wait.returncode, TIMEOUT, wait.stderr)


def test_a_line_about_a_message_that_could_not_be_decoded_is_refused_by_its_own_words(bus):
    bus.publisher('s')
    error = bus.error('topic', 'pub', '-', status=ERROR, text='{"topic":"s","type":"demo.Pose","message":null,"error":"3 bytes are no demo.Pose"}\n')
    check('3 bytes are no demo.Pose' in error['what'] and '--raw=delimited' in error['hint'], error)


def test_waiting_for_a_reliable_subscriber_is_said(bus):
    reader = bus.start('topic', 'echo', 't', '--reliable')
    wait_until(lambda: bus.json()['subscribers'] == 1, 'the reader')
    reader.signal(signal.SIGSTOP)
    publisher = bus.start('topic', 'pub', 't', '{}', '--type', 'demo.Pose', '--proto', bus.proto, '-n', '400', '--ring', '4K')
    said = publisher.error_line()
    while said and 'waiting for a reliable subscriber' not in said:
        said = publisher.error_line()
    check(said, 'nothing was said')
    reader.signal(signal.SIGCONT)
    equal(publisher.end()[0], DONE)


def test_ctrl_c_ends_the_wait_for_the_next_broker(bus):
    bus.publisher('t')
    bus.stop(signal.SIGKILL)
    for verb in (('topic', 'pub', 't', '{}'), ('topic', 'echo', 't'), ('events',), ('client', 'evict', 'bus', '--force')):
        waits = bus.start(*verb, '-t', '60s')
        waits.catches(signal.SIGINT)
        check('waiting for the next broker' in (said := waits.error_line()), said)
        waits.signal(signal.SIGINT)
        equal(waits.end()[0], INTERRUPTED, verb)
    bus.serve()


if __name__ == '__main__':
    main(globals())
