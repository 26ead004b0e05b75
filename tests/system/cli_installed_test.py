"""What `meson install` puts down: all that a user needs, nothing that knows where it was built, and units that systemd takes."""
import glob
import os
import shutil
import subprocess

from cli_support import *  # noqa: F403
from installed_tree import BUILD, ROOT, Tree


def need(program):
    if shutil.which(program) is None:
        raise Skipped(f'there is no {program} here')


@without_broker
def test_all_of_it_is_there(_):
    tree = Tree()
    for path in ('busd', 'bus'):
        check(os.access(tree.folder('bindir', path), os.X_OK), path, 'is no program')
    for path in ('libbus.so', 'pkgconfig/bus.pc', 'cmake/bus/busConfig.cmake', 'cmake/bus/busConfigVersion.cmake'):
        check(os.path.exists(tree.folder('libdir', path)), path, 'is missing in', tree.option['libdir'])
    for path in ('systemd/system/busd.service', 'systemd/system/busd@.service', 'systemd/user/busd.service', 'sysusers.d/bus.conf',
                 'tmpfiles.d/bus.conf'):
        tree.only(path)
    for path in ('man1/bus.1', 'man1/bus-topic-echo.1', 'man5/busd.toml.5', 'man7/bus-status.7', 'man8/busd.8'):
        check(os.path.exists(tree.folder('mandir', path)), path, 'is missing in', tree.option['mandir'])
    for path in ('bash-completion/completions/bus', 'zsh/site-functions/_bus', 'fish/vendor_completions.d/bus.fish'):
        check(os.path.exists(tree.folder('datadir', path)), path, 'is missing in', tree.option['datadir'])
    for path in (tree.folder('datadir', 'bus', 'busd.toml'), tree.folder('sysconfdir', 'bus', 'busd.toml')):
        with open(path, encoding='utf-8') as file, open(os.path.join(ROOT, 'docs/busd.toml'), encoding='utf-8') as example:
            equal(file.read(), example.read(), path)


@without_broker
def test_all_public_headers_and_nothing_private_is_there(_):
    tree = Tree()
    headers = sorted(os.path.basename(path) for path in glob.glob(os.path.join(ROOT, 'libbus/include/bus/*.hpp')))
    equal(sorted(os.listdir(tree.folder('includedir', 'bus'))), sorted([*headers, 'v1']), 'installed headers')
    equal(sorted(os.listdir(tree.folder('includedir', 'bus/v1'))), ['events.pb.h', 'events.proto'], 'installed messages of the bus')
    private = [path for path in tree.files() if path.endswith(('.a', '.cpp', '.in')) or '/tests/' in path]
    equal(private, [], 'private files')


@without_broker
def test_nothing_of_it_knows_where_it_was_built(_):
    tree = Tree()
    for path in tree.files():
        with open(path, 'rb') as file:
            content = file.read()
        if content.startswith(b'\x7fELF'):
            dynamic = subprocess.run(['readelf', '--dynamic', path], check=True, capture_output=True, text=True).stdout
            check('RPATH' not in dynamic and 'RUNPATH' not in dynamic, path, 'has a path of its own for libraries:', dynamic)
            continue
        for trace in (BUILD, ROOT, tree.destdir):
            check(trace.encode() not in content, path, 'mentions', trace)


@without_broker
def test_a_configuration_that_is_there_stays(_):
    tree = Tree()
    path = tree.folder('sysconfdir', 'bus', 'busd.toml')
    with open(path, 'w', encoding='ascii') as file:
        file.write('[limits]\ncursors = 7\n')
    tree.install()
    with open(path, encoding='ascii') as file:
        equal(file.read(), '[limits]\ncursors = 7\n')
    equal(os.listdir(os.path.dirname(path)), ['busd.toml'])


def units(tree):
    """The units, in a folder of their own, with the programs where they lie here. Yields: path, whether it is the user's."""
    for unit, of_user in (('system/busd.service', False), ('system/busd@.service', False), ('user/busd.service', True)):
        with open(tree.only('systemd', unit), encoding='ascii') as file:
            text = file.read()
        program = os.path.join(tree.option['prefix'], tree.option['bindir'], 'busd')
        check(f'ExecStart={program} ' in text, unit, 'does not start', program)
        folder = os.path.join(tree.destdir, 'units', os.path.dirname(unit))
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, os.path.basename(unit).replace('@', '@robot-1'))
        with open(path.replace('@robot-1', '@'), 'w', encoding='ascii') as file:
            file.write(text.replace(program, tree.folder('bindir', 'busd')))
        yield path, of_user


@without_broker
def test_systemd_takes_the_units(bus):
    need('systemd-analyze')
    for path, of_user in units(Tree()):
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', '--user' if of_user else '--system', path], capture_output=True,
                              text=True, env=dict(os.environ, XDG_RUNTIME_DIR=bus.runtime), timeout=PATIENCE, check=False)
        # It warns of what it does not know, and is content.
        ours = [line for line in (done.stdout + done.stderr).splitlines() if 'busd' in line]
        equal((done.returncode, ours), (0, []), f'systemd-analyze verify {path}: {done.stderr}')


@without_broker
def test_no_unit_says_what_would_take_the_objects_away(_):
    fatal = ('PrivateIPC', 'PrivateUsers', 'DynamicUser', 'ProtectProc', 'ProcSubset')
    for path, of_user in units(Tree()):
        with open(path.replace('@robot-1', '@'), encoding='ascii') as file:
            said = dict(line.rstrip('\n').split('=', 1) for line in file if '=' in line and not line.startswith('#'))
        equal([key for key in fatal if key in said], [], path)
        equal((said.get('RemoveIPC', 'no'), said['RestartKillSignal'], said['Type']), ('no', 'SIGQUIT', 'notify'), path)
        check(of_user or said['RuntimeDirectoryPreserve'] == 'yes', path, 'throws the registry away')


def with_system_user(tree):
    """Below the tree's folder, the system user is made. Its name, its number."""
    os.makedirs(os.path.join(tree.destdir, 'etc'), exist_ok=True)
    subprocess.run(['systemd-sysusers', f'--root={tree.destdir}', tree.only('sysusers.d', 'bus.conf')], check=True, capture_output=True)
    with open(os.path.join(tree.destdir, 'etc/passwd'), encoding='ascii') as file:
        name, _, uid, *_ = file.read().split(':')
    return name, int(uid)


@without_broker
def test_the_system_user_is_one_that_the_login_manager_spares(_):
    need('systemd-sysusers')
    name, uid = with_system_user(Tree())
    check(name == 'bus' and 0 < uid < 1000, 'user', name, uid)


@without_broker
def test_the_folder_of_the_buses_is_made_for_the_system_user(_):
    need('systemd-sysusers')
    need('systemd-tmpfiles')
    with open('/proc/self/uid_map', encoding='ascii') as file:
        if sum(int(line.split()[2]) for line in file) == 1:
            raise Skipped('nothing can be given to another user here')
    tree = Tree()
    _, uid = with_system_user(tree)
    made = subprocess.run(['systemd-tmpfiles', f'--root={tree.destdir}', '--create', tree.only('tmpfiles.d', 'bus.conf')],
                          capture_output=True, text=True, check=False)
    equal(made.returncode, 0, f'systemd-tmpfiles: {made.stderr}')
    folder = os.stat(os.path.join(tree.destdir, 'run/bus'))
    equal((folder.st_uid, oct(folder.st_mode & 0o777)), (uid, '0o755'))


if __name__ == '__main__':
    main(globals())
