"""Help, manual pages and completion: made of one description, and taken by the programs that read them."""
import os
import shutil
import subprocess

from cli_support import *  # noqa: F403

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAN_PAGES = os.environ.get('BUS_TEST_MAN_PAGES', 'bus-man-pages')


def needs(program):
    if shutil.which(program) is None:
        raise Skipped(f'{program} is not installed')


def verbs(bus):
    """(noun, verb) or (verb,) of all there are."""
    lines = [line.split()[1:] for line in bus.run('help').stdout.splitlines() if line.startswith('  bus ')]
    found = []
    for words in lines:
        if words[0] == 'help' or words[0][0].isupper():
            continue
        noun = bus.run(words[0], '--help', status=None).stdout
        found.append((words[0], words[1]) if f'  bus {words[0]} {words[1]}' in noun else (words[0],))
    return found


@without_broker
def test_each_verb_has_help_on_stdout_with_its_usage(bus):
    for verb in verbs(bus):
        done = bus.run(*verb, '--help')
        check(done.stdout.startswith(f'Usage: bus {" ".join(verb)} ') and not done.stderr, verb, done.stdout)
        equal(bus.run('help', *verb).stdout, done.stdout)
        check('--json' in done.stdout, verb)


@without_broker
def test_pages_of_help_are_found_in_any_case(bus):
    for page in ('topics', 'values', 'json', 'conditions', 'status', 'buses'):
        check(page in bus.run('help').stdout, page)
        equal(bus.run('help', page.upper()).stdout, bus.run('help', page).stdout)
    equal(bus.error('help', 'nonsense', status=USAGE)['code'], 'invalid')


def pages(bus):
    folder = os.path.join(bus.folder, 'man')
    subprocess.run([MAN_PAGES, folder, os.path.join(ROOT, 'docs/busd.toml')], check=True, env={**os.environ, 'DESTDIR': ''})
    found = {name: os.path.join(path, name) for path, _, names in os.walk(folder) for name in names}
    found['busd.8'] = os.path.join(ROOT, 'docs/man/busd.8')
    return found


@without_broker
def test_each_verb_and_each_page_has_a_manual_page_that_mandoc_likes(bus):
    needs('mandoc')
    found = pages(bus)
    for verb in verbs(bus):
        check('-'.join(('bus', *verb)) + '.1' in found, verb, sorted(found))
    check({'bus.1', 'bus-topics.7', 'bus-status.7', 'busd.toml.5'} <= set(found), sorted(found))
    for path in found.values():
        lint = subprocess.run(['mandoc', '-T', 'lint', '-W', 'warning', path], capture_output=True, text=True, check=False)
        equal(lint.stdout, '', path)


@without_broker
def test_the_manual_page_says_what_help_says(bus):
    needs('mandoc')
    found = pages(bus)
    text = subprocess.run(['mandoc', '-T', 'utf8', '-O', 'width=300', found['bus-topic-echo.1']], capture_output=True, text=True, check=True).stdout
    plain = ''.join(c for i, c in enumerate(text) if c != '\b' and text[i + 1:i + 2] != '\b')
    for words in ('--where CONDITION', '--raw[=plain|delimited]', 'Attaches as an observer: it slows nobody down'):
        check(words in plain and words in ' '.join(bus.run('topic', 'echo', '--help').stdout.split()), words, plain)


@without_broker
def test_the_manual_page_of_busd_has_each_of_its_options(bus):
    with open(os.path.join(ROOT, 'docs/man/busd.8'), encoding='ascii') as file:
        page = file.read().replace('\\', '')
    usage = subprocess.run([BUSD, '--help'], capture_output=True, text=True, check=True).stdout
    options = {word.strip(',') for word in usage.split() if word.startswith('--')}
    check({'--bus', '--config', '--detach', '--stop'} <= options, options)
    for option in options:
        check(option.strip(')') in page, option)


def completed(bus, *words):
    """word -> about, of what could stand last."""
    lines = bus.run('completion', '--words', '--', *words).stdout.splitlines()
    return dict(line.split('\t') for line in lines)


def test_completion_knows_the_live_names(bus):
    publisher = bus.publisher('robot/pose')
    equal(completed(bus, 'topic', 'echo', ''), {'robot/pose': 'demo.Pose', '$bus/events': 'bus.v1.Event'})
    equal(completed(bus, 'topic', 'echo', 'x'), {})
    equal(list(completed(bus, 'topic', 'echo', 'robot/pose', '--field', 'inn')), ['inner.a', 'inner.name'])
    equal(list(completed(bus, 'client', 'evict', '')), ['bus'])
    check({'demo.Pose', 'robot/pose'} <= set(completed(bus, 'schema', 'show', '')))
    check('t' in completed(bus, 'topic', 'ls', '--bus', ''))
    equal(completed(bus, '--bus', 'nowhere', 'topic', 'echo', ''), {})
    check(publisher.process.poll() is None)


@without_broker
def test_completion_without_a_bus_has_no_names_and_says_nothing(bus):
    done = bus.run('completion', '--words', '--', 'topic', 'echo', '')
    equal((done.stdout, done.stderr), ('', ''))
    equal(bus.error('completion', 'tcsh', status=USAGE)['code'], 'invalid')
    bus.run('completion', status=USAGE)


def path_with_bus(bus):
    return {**bus.environment, 'PATH': os.path.dirname(BUS) + ':' + os.environ['PATH'], 'HOME': bus.folder}


def test_bash_completes_with_the_script(bus):
    needs('bash')
    publisher = bus.publisher('robot/pose')
    script = bus.run('completion', 'bash').stdout + '''
complete_line() {
    COMP_LINE=$1 COMP_POINT=${#1}
    _bus_completion
    printf '%s\\n' "${COMPREPLY[@]}"
}
complete_line 'bus topic ec'; complete_line 'bus topic echo rob'; complete_line 'bus topic echo --raw=d'; complete_line 'bus doctor --cl'
complete_line "bus topic echo '\$bus/"; complete_line 'bus topic echo \$bus/'
complete -p bus
'''
    out = subprocess.run(['bash', '-euc', script], env=path_with_bus(bus), capture_output=True, text=True, check=True).stdout
    equal(out.splitlines(), ['echo', 'robot/pose', 'delimited', '--clean', '$bus/events', r'\$bus/events', 'complete -F _bus_completion bus'])
    check(publisher.process.poll() is None)


def test_fish_completes_with_the_script(bus):
    needs('fish')
    publisher = bus.publisher('robot/pose')
    script = bus.run('completion', 'fish').stdout + '''
complete -C 'bus topic ec'; complete -C 'bus topic echo rob'; complete -C 'bus doctor --cl'
'''
    out = subprocess.run(['fish', '--no-config', '-c', script], env=path_with_bus(bus), capture_output=True, text=True, check=True).stdout
    equal([line.split('\t')[0] for line in out.splitlines()], ['echo', 'robot/pose', '--clean'])
    check(publisher.process.poll() is None)


def test_zsh_takes_the_script(bus):
    needs('zsh')
    script = os.path.join(bus.folder, '_bus')
    with open(script, 'w', encoding='ascii') as file:
        file.write(bus.run('completion', 'zsh').stdout)
    subprocess.run(['zsh', '-n', script], check=True)
    out = subprocess.run(['zsh', '-fc', f'autoload -U compinit && compinit -D -u && source {script} && print $_comps[bus]'], env=path_with_bus(bus),
                         capture_output=True, text=True, check=True).stdout
    equal(out, '_bus\n')


@without_broker
def test_shellcheck_likes_the_script_for_bash(bus):
    needs('shellcheck')
    script = bus.run('completion', 'bash').stdout
    done = subprocess.run(['shellcheck', '-'], input=script, capture_output=True, text=True, check=False)
    equal(done.stdout, '')


if __name__ == '__main__':
    main(globals())
