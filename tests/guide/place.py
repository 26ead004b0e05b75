"""Where a page is followed: the tree installed into a folder of its own, a home to work in, a runtime folder that is nobody else's."""
import contextlib
import os
import re
import signal
import subprocess

from cli_support import Failure, equal, kernel_objects, wait_until

SCRUBBED = ('BUS_NAME', 'BUS_BUSD', 'BUS_RUNTIME_DIR', 'BUS_TEST_BUILD', 'MAKEFLAGS', 'CXX', 'CXXFLAGS', 'XDG_RUNTIME_DIR')


def installed(build, folder):
    """The prefix, as if it had been configured to be there. `meson install` itself is given --destdir, so that nothing is built again."""
    root = os.path.join(folder, 'installed')
    subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--destdir', root], check=True, capture_output=True)
    found = [os.path.join(path, 'bus.pc') for path, _, files in os.walk(root) if 'bus.pc' in files]
    equal(len(found), 1, 'bus.pc')
    with open(found[0], encoding='utf-8') as file:
        text = file.read()
    prefix = root + re.search(r'^prefix=(.*)$', text, re.MULTILINE)[1]
    with open(found[0], 'w', encoding='utf-8') as file:
        file.write(re.sub(r'^prefix=.*$', 'prefix=' + prefix, text, flags=re.MULTILINE))
    return prefix, os.path.dirname(os.path.dirname(found[0]))


class Place:
    def __init__(self, build, folder):
        os.chmod(folder, 0o755)
        self.home, self.runtime = os.path.join(folder, 'home'), os.path.join(folder, 'run')
        for made in (self.home, self.runtime):
            os.mkdir(made, 0o755)
        prefix, libraries = installed(build, folder)
        self.environment = {key: value for key, value in os.environ.items() if key not in SCRUBBED}
        self.environment.update(HOME=self.home, BUS_RUNTIME_DIR=self.runtime, LC_ALL='C.UTF-8', TERM='dumb', TZ='UTC',
                                PATH=f'{prefix}/bin:' + os.environ['PATH'], LD_LIBRARY_PATH=libraries,
                                PKG_CONFIG_PATH=os.path.join(libraries, 'pkgconfig'))

    def processes(self):
        """Those that were started here: they have our runtime folder in their environment."""
        mark, found = f'BUS_RUNTIME_DIR={self.runtime}'.encode(), []
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/environ', 'rb') as file:
                    if not any(entry == mark or entry.startswith(mark + b'/') for entry in file.read().split(b'\0')):
                        continue
                with open(f'/proc/{pid}/cmdline', 'rb') as file:
                    found.append((int(pid), file.read().replace(b'\0', b' ').decode().strip()))
            except OSError:
                continue
        return [(pid, command) for pid, command in found if command]  # a zombie has none

    def left(self, shell):
        """What is still there and should not be, one line each; what is just about to end is waited for."""
        def others():
            return [f'process {pid}: {command}' for pid, command in self.processes() if pid != shell.bash.pid]
        with contextlib.suppress(Failure):  # they are told by name
            wait_until(lambda: not others(), 'everything to end')
        files = [os.path.join(path, name) for path, _, names in os.walk(self.runtime) for name in names]
        # The lock of a dead bus stays where it is: it is empty, and nobody holds it.
        return others() + kernel_objects() + [f'file {path}' for path in files if not path.endswith('/lock')]

    def clear(self):
        """Ends what a failed page left running."""
        for pid, _ in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.processes(), 'everything to end')
        subprocess.run(['ipcrm', '--all'], check=False)
