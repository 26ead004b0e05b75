"""bus topic echo --where, --field, --csv: which messages are shown, and as what."""
import csv
import io

from cli_support import *  # noqa: F403


def heard(bus, topic, lines, *arguments, count, env=None):
    """What echo writes of these messages."""
    publisher = bus.publisher(topic)
    echo = bus.start('topic', 'echo', topic, '-n', str(count), *arguments)
    bus.listening(topic)
    publisher.send('\n'.join(lines) + '\n')
    status, out, err = echo.end()
    equal(status, DONE, err)
    return out


def test_where_shows_only_what_it_holds_for_and_counts_only_that(bus):
    out = heard(bus, 't', [json.dumps({'x': x, 'text': f'n{x}'}) for x in range(10)], '--where', "x > 3 && text != 'n5'", '--field', 'x', count=3)
    equal(out.split(), ['4', '6', '7'])


def test_where_knows_large_numbers_lists_and_regular_expressions(bus):
    lines = ['{"count":"9007199254740992"}', '{"count":"9007199254740993","list":[{"a":1},{"a":2,"name":"arm"}]}']
    out = heard(bus, 't', lines, '--where', "count == 9007199254740993 and list.1.name =~ '^a' and size(list) == 2", '--field', 'count', count=1)
    equal(out, '9007199254740993\n')


def test_a_condition_that_can_not_be_read_is_status_2_at_once(bus):
    for condition in ('x >', '(x > 3', "text =~ '('", 'x ~ 3', '(' * 100 + 'x', 'x' * 5000):
        error = bus.error('topic', 'echo', 'nothing/here', '--where', condition, status=USAGE)
        check('--where' in error['what'] and error['hint'], error)


def test_a_field_the_type_does_not_have_is_status_2_and_names_those_there_are(bus):
    publisher = bus.publisher('t')
    echo = bus.start('topic', 'echo', 't', '--where', 'speed > 3')
    bus.listening('t')
    publisher.send('{}\n')
    status, _, err = echo.end()
    equal(status, USAGE)
    check("no field 'speed'" in err and 'x, y, count' in err, err)


def test_topics_of_a_pattern_without_the_field_are_left_out_and_that_is_said_once(bus):
    pose, other = bus.publisher('r/pose'), bus.publisher('r/other', kind='demo.Other')
    echo = bus.start('topic', 'echo', 'r/*', '--where', 'x > 3', '--field', 'x', '-n', '2')
    bus.listening('r/pose')
    bus.listening('r/other')
    other.send('{"text":"a"}\n')
    check("no field 'x'" in (said := echo.error_line()), said)
    other.send('{"text":"b"}\n')
    pose.send('{"x":4}\n{"x":1}\n{"x":5}\n')
    status, out, err = echo.end()
    equal((status, out.split()), (DONE, ['4', '5']))
    check("no field 'x'" not in err, err)


def test_a_regular_expression_from_hell_is_no_hell(bus):
    out = heard(bus, 't', [json.dumps({'text': 'a' * 20000 + 'c'}), '{"text":"ab"}'], '--where', "text =~ '^(a|aa)+b$'", '--field', 'text', count=1)
    equal(out, 'ab\n')


def test_several_fields_are_columns_and_an_object(bus):
    line = '{"x":1,"text":"hi","inner":{"a":7}}'
    equal(heard(bus, 't', [line], '--field', 'x', '--field', 'inner.a', '--field', 'text', count=1), '1\t7\thi\n')
    told = json.loads(heard(bus, 'u', [line], '--field', 'x', '--field', 'inner.a', '--json', count=1))
    equal((told['message'], told['fields']), ({'x': 1, 'inner.a': 7}, ['x', 'inner.a']))


def test_csv_has_titles_and_a_column_for_each_field(bus):
    out = heard(bus, 't', ['{"x":1.5,"count":"12345678901234567","text":"a,\\"b\\"","inner":{"a":2},"list":[{"a":1}]}', '{"x":2}'], '--csv', count=2)
    rows = list(csv.DictReader(io.StringIO(out)))
    equal(list(rows[0]), ['time', 'topic', 'publisher', 'sequence', 'lost', 'x', 'y', 'count', 'inner.a', 'inner.name', 'list', 'blob', 'text'])
    equal([rows[0][k] for k in ('topic', 'sequence', 'lost', 'x', 'count', 'text', 'inner.a')], ['t', '2', '0', '1.5', '12345678901234567', 'a,"b"', '2'])
    equal(json.loads(rows[0]['list']), [{'a': 1, 'name': ''}])
    equal((rows[1]['x'], rows[1]['inner.a'], rows[1]['text']), ('2', '', ''), 'what is not there is empty')


def test_csv_of_chosen_fields(bus):
    out = heard(bus, 't', ['{"x":1,"text":"a"}'], '--csv', '--field', 'text', '--field', 'x', count=1)
    equal([line.split(',')[5:] for line in out.splitlines()], [['text', 'x'], ['a', '1']])


def test_csv_is_one_table_of_one_type(bus):
    pose, other = bus.publisher('r/pose'), bus.publisher('r/other', kind='demo.Other')
    echo = bus.start('topic', 'echo', 'r/*', '--csv', '--field', 'x', '-n', '2')
    bus.listening('r/pose')
    bus.listening('r/other')
    pose.send('{"x":1}\n')
    equal(echo.line(), 'time,topic,publisher,sequence,lost,x')
    echo.line()
    other.send('{"text":"a"}\n')
    check("'r/other'" in (said := echo.error_line()) and 'left out' in said, said)
    pose.send('{"x":2}\n')
    status, out, _ = echo.end()
    equal((status, len(out.splitlines())), (DONE, 1))


def test_csv_json_and_raw_exclude_each_other(bus):
    for arguments in (('--csv', '--json'), ('--csv', '--raw'), ('--raw', '--json')):
        bus.run('topic', 'echo', 't', *arguments, '-n', '0', status=USAGE)


if __name__ == '__main__':
    main(globals())
