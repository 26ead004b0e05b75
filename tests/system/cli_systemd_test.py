"""busd as systemd runs it, by the installed units, with all that shuts them in: a restart hands over, a stop ends the bus."""
import contextlib
import subprocess

from cli_support import *  # noqa: F403
from installed_tree import Tree
from systemd_host import Host

ALICE, BOB = 1234, 1235
RULES = '[[allow]]\npublish = ["robot/**"]\nsubscribe = ["robot/**"]\nreliable = ["robot/**"]\n'


@contextlib.contextmanager
def host(bus):
    """With the system user, its folder, and rules that let everybody in."""
    tree = Tree()
    with open(tree.folder('sysconfdir', 'bus', 'busd.toml'), 'w', encoding='ascii') as file:
        file.write(RULES)
    started = Host(tree, bus.folder)
    try:
        started.run('systemd-sysusers')
        started.run('systemd-tmpfiles', '--create', '/usr/local/lib/tmpfiles.d/bus.conf')
        yield started
    finally:
        started.end()


def broker(host, *options):
    return json.loads(host.run('bus', '--json', *options))['broker']


def serves(host):
    return subprocess.run(host.inside('bus', '--json'), capture_output=True, timeout=PATIENCE, check=False).returncode == DONE


def objects(host):
    """The kernel objects of the bus, by number."""
    return sorted(line.split()[1] for line in host.run('ipcs').splitlines() if line.startswith('0x'))


@without_broker
def test_programs_lose_nothing_by_a_restart_nor_by_a_crash(bus):
    with host(bus) as here:
        here.run('systemctl', 'start', 'busd')
        equal(here.run('stat', '-c', '%U', '/run/bus/default').strip(), 'bus')
        typed = ('--type', 'demo.Pose', '--proto', bus.proto)
        publisher = bus.start_program(*here.inside('bus', 'topic', 'pub', 'robot/x', '--stdin', *typed, uid=ALICE))
        publisher.send('{"count":1}\n')
        here.run('bus', 'wait', 'topic', 'robot/x', '-t', '20s', uid=BOB)
        reader = bus.start_program(*here.inside('bus', 'topic', 'echo', 'robot/x', '--reliable', '--json', '-n', '4', uid=BOB))
        here.run('bus', 'wait', 'topic', 'robot/x', '--subscribers', '1', '-t', '20s', uid=BOB)
        publisher.send('{"count":2}\n')
        equal(reader.json()['message']['count'], '2')
        first, before = broker(here), objects(here)

        here.run('systemctl', 'restart', 'busd')
        second = broker(here)
        equal((second['generation'], objects(here)), (first['generation'] + 1, before), 'handed over')
        publisher.send('{"count":3}\n')
        equal(reader.json()['message']['count'], '3')

        here.run('systemctl', 'kill', '--signal=KILL', 'busd')
        publisher.send('{"count":4}\n')
        equal(reader.json()['message']['count'], '4')
        wait_until(lambda: serves(here), 'the next busd')
        equal(broker(here)['generation'], second['generation'] + 1)
        here.run('systemctl', 'reload', 'busd')
        publisher.send('{"count":5}\n')
        last = reader.json()
        equal((last['message']['count'], last['lost'], reader.end()[0], publisher.end()[0]), ('5', 0, DONE, DONE))
        here.run('systemctl', 'stop', 'busd')
        equal((objects(here), here.run('ls', '/run/bus/default')), ([], ''), 'left by a stop')


@without_broker
def test_buses_of_other_names_run_beside_it(bus):
    with host(bus) as here:
        here.run('systemctl', 'start', 'busd', 'busd@lab-1')
        equal((broker(here)['alive'], broker(here, '--bus', 'lab-1')['alive']), (True, True))
        here.run('systemctl', 'stop', 'busd@lab-1')
        check(broker(here)['alive'], 'the other bus ended too')
        here.run('systemctl', 'stop', 'busd')
        equal(objects(here), [])


if __name__ == '__main__':
    main(globals())
