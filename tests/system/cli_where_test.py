"""bus topic echo --where, --field, --csv: which messages are shown, and as what."""
import csv
import io
import os

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


ENUMS = '''syntax = "proto3";
package odd;
enum Level { option allow_alias = true; DEBUG = 0; INFO = 1; WARN = 2; WARNING = 2; ERROR = 3; }
message Line { Level level = 1; float ratio = 2; double zero = 3; repeated double zeros = 4; }
'''


def odd_lines(bus, lines, *arguments, count):
    proto = os.path.join(bus.folder, 'odd.proto')
    with open(proto, 'w', encoding='ascii') as file:
        file.write(ENUMS)
    echo = bus.start('topic', 'echo', 'odd', '-n', str(count), *arguments)
    bus.listening_or_waiting('odd')
    bus.run('topic', 'pub', 'odd', '--stdin', '--type', 'odd.Line', '--proto', proto, '-w', '1', text='\n'.join(lines) + '\n')
    status, out, err = echo.end()
    equal(status, DONE, err)
    return out


def test_enumerations_compare_by_their_numbers_and_by_any_of_their_names(bus):
    lines = ['{"level":"DEBUG"}', '{"level":"WARN"}', '{"level":"ERROR"}']
    equal(odd_lines(bus, lines, '--where', 'level >= WARN', '--field', 'level', count=2).split(), ['WARN', 'ERROR'])


def test_an_alias_of_an_enumeration_means_its_value(bus):
    equal(odd_lines(bus, ['{"level":"INFO"}', '{"level":"WARN"}'], '--where', "level == WARNING && level == 'WARNING'", '--field', 'level', count=1), 'WARN\n')


def test_a_float_compares_as_it_is_shown(bus):
    equal(odd_lines(bus, ['{"ratio":0.1}'], '--where', 'ratio == 0.1', '--field', 'ratio', count=1), '0.1\n')


def test_an_empty_condition_is_no_condition(bus):
    check('too early' in bus.error('topic', 'echo', 't', '--where', '', '-n', '0', status=USAGE)['what'])


def test_several_conditions_must_all_hold(bus):
    out = heard(bus, 't', [json.dumps({'x': x}) for x in range(6)], '--where', 'x > 1', '--where', 'x < 4', '--field', 'x', count=2)
    equal(out.split(), ['2', '3'])


def test_numbers_are_handed_on_to_the_letter(bus):
    lines = ['{"zero":-0.0,"zeros":[-0.0,1e300]}']
    line = odd_lines(bus, lines, '--json', count=1)
    echo = bus.start('topic', 'echo', 'copy', '--json', '-n', '1')
    bus.listening_or_waiting('copy')
    bus.run('topic', 'pub', 'copy', '--stdin', '--type', 'odd.Line', '--proto', os.path.join(bus.folder, 'odd.proto'), '-w', '1', text=line)
    equal(json.loads(echo.line())['message'], json.loads(line)['message'])
    check('"zero":-0' in line and '"zeros":[-0' in line, line)


def test_csv_without_stamps_keeps_its_columns(bus):
    echo = bus.start('topic', 'echo', 'plain/topic', '--csv', '-n', '1')
    bus.listening_or_waiting('plain/topic')
    bus.start_program(os.environ['BUS_TEST_PUBLISHER'], 'plain/topic', 'unstamped').send('hello\n')
    rows = list(csv.DictReader(io.StringIO(echo.end()[1])))
    equal((rows[0]['time'], rows[0]['topic'], rows[0]['sequence']), ('', 'plain/topic', '1'))


def test_csv_of_protobufs_own_types_has_one_column(bus):
    echo = bus.start('topic', 'echo', 'word', '--csv', '-n', '1')
    bus.listening_or_waiting('word')
    bus.run('topic', 'pub', 'word', '"hi, there"', '--type', 'google.protobuf.StringValue', '-w', '1')
    equal(list(csv.DictReader(io.StringIO(echo.end()[1])))[0]['message'], 'hi, there')


def test_csv_leaves_out_what_can_not_be_decoded_and_says_so(bus):
    publisher = bus.start('topic', 'pub', 't', '--raw=delimited', '--type', 'demo.Pose', '--proto', bus.proto)
    echo = bus.start('topic', 'echo', 't', '--csv', '--field', 'x', '-n', '1')
    bus.listening_or_waiting('t')
    publisher.send(b'\x03\xff\xff\xff')
    check('left out: message 1 of' in (said := read_note(echo, 'left out')), said)
    publisher.send(b'\x09\x09\x00\x00\x00\x00\x00\x00\xf0\x3f')
    status, out, _ = echo.end()
    equal((status, [line.split(',')[5] for line in out.splitlines()]), (DONE, ['x', '1']))


def read_note(running, word):
    """The next line on stderr with that word."""
    while word not in (line := running.error_line()):
        check(line, 'no line with', word)
    return line


GROUPS = '''syntax = "proto2";
package old;
message Grouped { optional int32 r = 1; optional group Inner = 2 { optional int32 a = 1; } }
'''


def test_a_type_with_groups_is_told_and_not_shown_wrong(bus):
    proto = os.path.join(bus.folder, 'old.proto')
    with open(proto, 'w', encoding='ascii') as file:
        file.write(GROUPS)
    publisher = bus.start('topic', 'pub', 't', '--raw=delimited', '--type', 'old.Grouped', '--proto', proto)
    echo = bus.start('topic', 'echo', 't', '--json', '-n', '1', '--where', 'inner.a == 2')
    bus.listening_or_waiting('t')
    publisher.send(b'\x06\x08\x01\x13\x08\x02\x14')
    line = echo.json()
    equal(line['message'], None)
    check('group' in line['error'], line)


def test_a_field_given_twice_is_shown_once(bus):
    told = json.loads(heard(bus, 't', ['{"x":1,"y":2}'], '--field', 'x', '--field', 'y', '--field', 'x', '--json', count=1))
    equal((told['fields'], told['message']), (['x', 'y'], {'x': 1, 'y': 2}))


if __name__ == '__main__':
    main(globals())
