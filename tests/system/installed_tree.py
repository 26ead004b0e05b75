"""The tree as `meson install` puts it down, in a temporary folder: for tests of what is installed, and of who builds against it."""
import json
import os
import shutil
import subprocess
import tempfile

BUILD = os.environ['BUS_TEST_BUILD']
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Tree:
    """Installed with DESTDIR. `option` has the folders of the build: prefix, bindir, libdir, sysconfdir ..."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix='bus-installed-')
        self.destdir = self.holder.name
        known = subprocess.run(['meson', 'introspect', BUILD, '--buildoptions'], check=True, capture_output=True, text=True)
        self.option = {option['name']: option['value'] for option in json.loads(known.stdout)}
        self.install()
        self.moved_to = None

    def install(self):
        subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', self.destdir], check=True, capture_output=True)

    def move(self):
        """The prefix goes to a place that nobody knew of when it was built."""
        self.moved_to = os.path.join(self.destdir, 'moved')
        os.rename(self.destdir + self.option['prefix'], self.moved_to)

    def folder(self, option, *parts):
        """The path of a folder that is an option of the build; what is relative is below the prefix."""
        value = self.option[option]
        if os.path.isabs(value) and option != 'prefix':
            return os.path.join(self.destdir + value, *parts)
        prefix = self.moved_to or self.destdir + self.option['prefix']
        return os.path.join(prefix, '' if option == 'prefix' else value, *parts)

    def files(self):
        """The paths of all files and links."""
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(self.destdir) for name in names)

    def only(self, *end):
        """The path of the one file that ends so."""
        end = '/' + '/'.join(end)
        found = [path for path in self.files() if path.endswith(end)]
        assert len(found) == 1, f'{len(found)} files {end} are installed: {found}'
        return found[0]

    def environment(self, base):
        """`base`, with what a user sets where the library is in no folder of the linker's."""
        environment = dict(base, LD_LIBRARY_PATH=self.folder('libdir'), PATH=self.folder('bindir') + ':' + base['PATH'])
        if self.moved_to:
            return dict(environment, CMAKE_PREFIX_PATH=self.moved_to)
        return dict(environment, PKG_CONFIG_PATH=self.folder('libdir', 'pkgconfig'), PKG_CONFIG_SYSROOT_DIR=self.destdir)


def without_traces(environment):
    """Less what the tests of the build folder set: nothing of it must be found."""
    kept = ('BUS_RUNTIME_DIR', 'BUS_NAME')
    return {name: value for name, value in environment.items() if name in kept or not name.startswith(('BUS_', 'LD_LIBRARY_PATH'))}


def copied(name, into):
    """One of tests/consumers, copied; the path of the copy."""
    return shutil.copytree(os.path.join(ROOT, 'tests', 'consumers', name), os.path.join(into, name))
