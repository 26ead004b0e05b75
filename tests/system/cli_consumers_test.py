"""Projects outside the tree (tests/consumers) build against what is installed, wherever it lies, and against the tree as a subproject; what
they build talks to a real busd."""
import os
import shutil
import subprocess

from cli_support import *  # noqa: F403
from installed_tree import BUILD, ROOT, Tree, copied, without_traces

BUILDING = 900  # seconds a build may take on a slow machine


def run(command, environment, folder):
    """A step of a build; its output is shown if it fails."""
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=BUILDING, check=False)
    check(done.returncode == 0, ' '.join(command), f'failed ({done.returncode}):\n{done.stdout}')
    return done.stdout


def installed(bus, moved):
    """The tree; an environment that knows it, and nothing of the build folder. Moved: below another prefix than it was built for."""
    tree = Tree()
    if moved:
        tree.move()
    return tree, tree.environment(without_traces(bus.environment))


def says_hello(bus, program, environment, message):
    """The program says hello to an observer, which needs no type."""
    echo = bus.start('topic', 'echo', 'consumer/said', '--json', '--once', '-t', '20s')
    done = subprocess.run([program], env=environment, timeout=PATIENCE, capture_output=True, text=True, check=False)
    equal(done.returncode, 0, f'{program}: {done.stderr}')
    heard = echo.json()
    equal((heard['topic'], heard['sequence'], heard['message'], echo.end()[0]), ('consumer/said', 1, message, DONE))
    return done.stdout


@without_broker
def test_with_pkg_config_and_the_installed_busd_and_command(bus):
    tree, environment = installed(bus, moved=False)
    project = copied('pkg-config', bus.folder)
    run(['make', 'CXX=g++'], environment, project)
    with open(os.path.join(bus.folder, 'installed.log'), 'ab') as log:
        subprocess.run([tree.folder('bindir', 'busd'), '--detach', '--config', tree.folder('datadir', 'bus', 'busd.toml')], env=environment,
                       check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        echo = bus.start_program('env', f'LD_LIBRARY_PATH={tree.folder("libdir")}', tree.folder('bindir', 'bus'), 'topic', 'echo',
                                 'consumer/said', '--json', '--once', '-t', '20s')
        run([os.path.join(project, 'consumer')], environment, project)
        equal((echo.json()['message'], echo.end()[0]), ('aGVsbG8=', DONE))
    finally:
        equal(subprocess.run(['busd', '--stop'], env=environment, timeout=PATIENCE, check=False).returncode, 0, 'busd --stop')


def test_with_cmake(bus):
    need_cmake()
    _, environment = installed(bus, moved=True)
    project = copied('cmake', bus.folder)
    run(['cmake', '-S', project, '-B', project + '/build', '-DCMAKE_CXX_COMPILER=g++'], environment, project)
    run(['cmake', '--build', project + '/build'], environment, project)
    says_hello(bus, os.path.join(project, 'build', 'consumer'), environment, {'text': 'hello'})


@without_broker
def test_cmake_refuses_another_version(bus):
    need_cmake()
    _, environment = installed(bus, moved=True)
    wishes = {'0.1': 1, '0.0.5': 1, '0.1.0 EXACT': 1, '0.1...0.9': 1, '0.0...<0.1.0': 0, '0.99': 0, '1.0': 0, '0.0.5 EXACT': 0}
    with open(os.path.join(bus.folder, 'CMakeLists.txt'), 'w', encoding='ascii') as file:
        file.write('cmake_minimum_required(VERSION 3.25)\nproject(wishes CXX)\n')
        for wish in wishes:
            file.write(f'unset(bus_DIR CACHE)\nfind_package(bus {wish} QUIET)\nmessage(STATUS "<{wish}> ${{bus_FOUND}}")\n')
    said = run(['cmake', '-S', bus.folder, '-B', os.path.join(bus.folder, 'build')], environment, bus.folder)
    for wish, granted in wishes.items():
        check(f'<{wish}> {granted}\n' in said, f'find_package(bus {wish}) should find {granted}: {said}')


@without_broker
def test_with_meson_and_a_broker_of_its_own(bus):
    _, environment = installed(bus, moved=False)
    project = copied('meson', bus.folder)
    run(['meson', 'setup', 'build'], environment, project)
    run(['meson', 'compile', '-C', 'build'], environment, project)
    # The installed busd is found by the installed library.
    equal(run([os.path.join(project, 'build', 'consumer')], dict(environment, PATH='/usr/bin:/bin'), project), '3 4\n')


def test_as_a_subproject_of_meson(bus):
    """In a folder that stays, for the next time: the library is built there as a whole."""
    folder = os.path.join(BUILD, 'consumers')
    shutil.rmtree(os.path.join(folder, 'subproject'), ignore_errors=True)
    project = copied('subproject', folder)
    os.makedirs(os.path.join(project, 'subprojects'))
    os.symlink(ROOT, os.path.join(project, 'subprojects', 'bus'))
    environment = without_traces(bus.environment)
    build = os.path.join(folder, 'build')
    if not os.path.exists(os.path.join(build, 'build.ninja')):
        run(['meson', 'setup', build, '-Dbuildtype=plain'], environment, project)
    run(['meson', 'compile', '-C', build, '-j', '2', 'consumer'], environment, project)
    version = says_hello(bus, os.path.join(build, 'consumer'), environment, 'aGVsbG8=')
    equal(version, bus.run('--version').stdout.split()[-1] + '\n', 'version of the library')


def need_cmake():
    if shutil.which('cmake') is None:
        raise Skipped('there is no cmake here')


if __name__ == '__main__':
    main(globals())
