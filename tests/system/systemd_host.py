"""A systemd of a test's own, in namespaces of its own, with the tree installed: what the units say is done by the one that will do it."""
import contextlib
import os
import subprocess

from cli_support import PATIENCE, Skipped, check, wait_until
from installed_tree import ROOT

SYSTEMD = '/lib/systemd/systemd'


def unified_hierarchy():
    """Where a cgroup for it can be made."""
    with open('/proc/mounts', encoding='utf-8') as file:
        found = [line.split()[1] for line in file if line.split()[2] == 'cgroup2']
    if not found:
        raise Skipped('there is no cgroup2 here')
    return found[0]


class Host:
    def __init__(self, tree, folder):
        if os.geteuid() != 0 or not os.access(SYSTEMD, os.X_OK):
            raise Skipped('there is no systemd here, or no right to start one')
        if tree.option['prefix'] != '/usr/local':
            raise Skipped(f'{tree.option["prefix"]} of this host must stay what it is')
        self.cgroup = os.path.join(unified_hierarchy(), f'bus-test-{os.getpid()}')
        try:
            os.mkdir(self.cgroup)
        except OSError as error:
            raise Skipped(f'no cgroup can be made here: {error}') from None
        self.folder = folder
        os.symlink(tree.folder('prefix'), os.path.join(folder, 'prefix'))
        boot = ['unshare', '--cgroup', '--ipc', '--pid', '--uts', '--mount', '--mount-proc', '--fork', '--kill-child', 'bash',
                os.path.join(ROOT, 'tests/system/systemd_host.sh'), folder, tree.option['prefix']]
        with open(os.path.join(folder, 'boot.log'), 'ab') as log:
            self.process = subprocess.Popen(['bash', '-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', self.cgroup, *boot],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self.is_up, 'systemd to run')
        except BaseException:
            self.end()
            raise

    def is_up(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, 'boot.log'), encoding='utf-8') as log:
                raise Skipped('no systemd can be started here: ' + ' '.join(log.read().split()))
        with contextlib.suppress(OSError, IndexError):
            with open(f'/proc/{self.process.pid}/task/{self.process.pid}/children', encoding='ascii') as file:
                self.pid = file.read().split()[0]
            return subprocess.run(self.inside('systemctl', 'is-system-running'), capture_output=True, text=True, timeout=PATIENCE,
                                  check=False).stdout.strip() == 'running'
        return False

    def inside(self, *command, uid=0):
        """The command line that runs it there, as that user."""
        user = ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups'] if uid else []
        return ['nsenter', f'--target={self.pid}', '--mount', '--ipc', '--uts', '--pid', '--cgroup', 'env', '-i',
                'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', *user, *command]

    def run(self, *command, uid=0):
        """What it writes."""
        done = subprocess.run(self.inside(*command, uid=uid), capture_output=True, text=True, timeout=PATIENCE, check=False)
        check(done.returncode == 0, ' '.join(command), f'failed ({done.returncode}): {done.stdout}{done.stderr}')
        return done.stdout

    def end(self):
        """Its first process takes all others with it."""
        self.process.kill()
        self.process.wait()
        for folder, _, _ in list(os.walk(self.cgroup, topdown=False)):
            wait_until(lambda path=folder: removed(path), f'{folder} to be empty')


def removed(cgroup):
    try:
        os.rmdir(cgroup)
    except OSError:
        return False
    return True
