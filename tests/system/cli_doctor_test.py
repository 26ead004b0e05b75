"""bus doctor: findings, left-overs of dead buses, and their removal."""
import os
import signal

from cli_support import *  # noqa: F403


def state(bus):
    """The one bus that doctor finds here."""
    buses = json.loads(bus.run('doctor', '--json', status=None).stdout)['buses']
    return buses[0] if buses else None


def test_nothing_to_mend_is_status_0(bus):
    document = bus.json('doctor', status=DONE)
    check({'findings', 'buses', 'removed'} <= set(document), document)
    check({'limits', 'logind', 'namespace', 'descriptors', 'bus'} <= {f['check'] for f in document['findings']}, document)
    equal((document['buses'][0]['bus'], document['buses'][0]['state'], document['buses'][0]['broker_pid']), ('t', 'serving', bus.broker.pid))
    check('nothing to mend' in bus.run('doctor').stdout)


@without_broker
def test_it_needs_no_bus(bus):
    equal(bus.json('doctor')['buses'], [])


def test_what_a_dead_bus_left_is_status_1_and_clean_removes_it(bus):
    publisher = bus.publisher('t')
    bus.stop(signal.SIGKILL)
    publisher.signal(signal.SIGKILL)
    publisher.process.wait()
    dead = bus.json('doctor', status=ERROR)['buses'][0]
    equal((dead['state'], dead['clients']), ('dead', []))
    equal(len([o for o in dead['objects'] if o['kind'] != 'fifo']), len(kernel_objects()))
    check(len(kernel_objects()) > 0, 'it left something')
    removed = bus.json('doctor', '--clean', status=DONE)['removed']
    equal(kernel_objects(), [])
    check(len(removed) >= len(dead['objects']), removed)
    folder = os.path.join(bus.runtime, 't')
    check(not os.path.exists(folder) or set(os.listdir(folder)) <= {'lock'}, os.listdir(folder) if os.path.exists(folder) else '')
    bus.json('doctor', status=DONE)


def test_clean_refuses_while_a_client_lives_and_names_it(bus):
    publisher = bus.publisher('t')
    bus.stop(signal.SIGKILL)
    before = kernel_objects()
    error = bus.error('doctor', '--clean', status=ERROR)
    equal(error['code'], 'conflict')
    check(f'bus[{publisher.pid}]' in error['what'], error)
    equal(kernel_objects(), before)
    dead = state(bus)
    equal(([c['pid'] for c in dead['clients']], dead['state']), ([publisher.pid], 'dead'))
    bus.serve()
    bus.json('doctor', status=DONE)


def test_clean_leaves_a_bus_alone_that_is_served(bus):
    bus.publisher('t')
    before = kernel_objects()
    equal(bus.json('doctor', '--clean', status=DONE)['removed'], [])
    equal(kernel_objects(), before)


def test_a_bus_that_ended_leaves_nothing_to_mend(bus):
    bus.stop()
    bus.json('doctor', status=DONE)
    equal(kernel_objects(), [])


def test_scarce_kernel_limits_are_to_be_mended_with_the_command(bus):
    with open('/proc/sys/kernel/msgmnb', encoding='ascii') as file:
        before = file.read()
    try:
        with open('/proc/sys/kernel/msgmnb', 'w', encoding='ascii') as file:
            file.write('4096')
    except PermissionError:
        return  # not ours to change: an unprivileged namespace
    try:
        findings = json.loads(bus.run('doctor', '--json', status=ERROR).stdout)['findings']
        check(any(f['grade'] == 'mend' and 'msgmnb' in f['what'] and 'sysctl' in f['hint'] for f in findings), findings)
    finally:
        with open('/proc/sys/kernel/msgmnb', 'w', encoding='ascii') as file:
            file.write(before)


def test_a_bus_that_is_not_there_is_something_to_mend(bus):
    document = bus.json('doctor', '--bus', 'nowhere', status=ERROR)
    check(any("no bus 'nowhere'" in f['what'] and 'busd --bus nowhere' in f['hint'] for f in document['findings']), document)


if __name__ == '__main__':
    main(globals())
