#!/usr/bin/python3
"""Failure injection covers every system call that libbus and busd make: what they import of the C library is wrapped by
tests/support/fault_shim.cpp, or is none, or is named here with the reason why it need not fail; and of each wrapped call it is written down
how it can fail (tests/support/documented_errors.hpp)."""
import re

from cli_support import *  # noqa: F403

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get('BUS_TEST_BUILD', 'build')

# No system call, or one that can't fail (or for a wrong program only), or whose failure is not looked at because nothing could be done.
HARMLESS = re.compile(
    r'__|_exit$|abort$|environ$|program_invocation|stderr$|stdout$|mem(chr|cmp|cpy|move|set)$|str|isspace$|v?snprintf$|f?printf$|fwrite$|fputs$|free$|'
    r'get(env|pid|ppid|egid|euid|uid|gid)$|secure_getenv$|dladdr$|pthread_|sched_(yield|getcpu)$|sig(addset|emptyset|ismember|pending|nal)$|sysconf$|'
    r'clock_(gettime|nanosleep)$|nanosleep$|umask$|(open|close|sys)log$|closedir$|close$|munmap$')
# Of a process that is about to become another one, of the start of a broker of one's own, of reading the users' names.
NOT_INJECTED = re.compile(r'(dup2|execve|chdir|setsid|setpgid|prctl|mkdtemp|realpath|getrlimit64|sigtimedwait|getgr(nam|ouplist)|getpw(nam|uid))$')


def imported(path):
    listed = subprocess.run(['nm', '-D', '--undefined-only', path], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split('@')[0] for line in listed.splitlines() if 'GLIBC_' in line}


def support(name):
    with open(os.path.join(HERE, '..', 'support', name), encoding='ascii') as file:
        return file.read()


def wrapped():
    """Name of the function: name it is counted by."""
    text = re.sub(r'\s+', ' ', support('fault_shim.cpp').split('arguments, #name)', 1)[1])
    calls = {name: name for name in re.findall(r'BUS_FAULT_SHIM\((?:[\w* ]+), (\w+),', text)}
    calls.update(re.findall(r'BUS_FAULT_SHIM_VARIADIC\((\w+), "(\w+)"', text))
    for entry in re.findall(r'BUS_FAULT_SHIM_AS\((.*?"\w+")\)', text):
        calls[re.match(r'[\w* ]+, (\w+),', entry).group(1)] = re.search(r'"(\w+)"$', entry).group(1)
    calls['syscall'] = 'syscall'
    return calls


@without_broker
def test_each_system_call_of_library_and_broker_is_made_to_fail(bus):
    shim = wrapped()
    check(len(shim) > 50, 'the wrappers were not found', shim)
    for program in (os.path.join(BUILD, 'libbus', 'libbus.so'), BUSD):
        calls = imported(program)
        check('msgsnd' in calls or 'kill' in calls, f'{program} imports nothing')
        left = sorted(call for call in calls if call not in shim and not HARMLESS.match(call) and not NOT_INJECTED.match(call))
        equal(left, [], f'{program} calls what no wrapper makes fail')


@without_broker
def test_of_each_wrapped_call_it_is_known_how_it_can_fail(bus):
    known = set(re.findall(r'\{"(\w+)", \{', support('documented_errors.hpp')))
    equal(sorted(set(wrapped().values()) - known), [], 'without documented errors')
    equal(sorted(known - set(wrapped().values())), [], 'never counted under that name')


if __name__ == '__main__':
    main(globals())
