"""What `meson install` puts down is enough: a program outside the tree is built with pkg-config alone and talks to the installed command."""
import os
import subprocess
import tempfile

from cli_support import *  # noqa: F403

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ['BUS_TEST_BUILD']
PROGRAM = '''#include <bus/bus.hpp>
int main() {
    auto bus = bus::Connection::open({.name = "outside"}).value();
    auto raw = bus.publisher<bus::Bytes>("outside/raw").value();
    raw.wait_for_subscribers(1, std::chrono::seconds(20)).value();
    return raw.publish(bus::Bytes(std::string_view("hello"))).value() == 1 ? 0 : 1;
}
'''


def built(folder):
    """The tree installed into `folder`, and a program built against it. Returns: environment, program."""
    subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', folder], check=True, capture_output=True)
    found = [os.path.join(path, 'bus.pc') for path, _, files in os.walk(folder) if 'bus.pc' in files]
    equal(len(found), 1, 'bus.pc')
    environment = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(found[0]), PKG_CONFIG_SYSROOT_DIR='')
    prefix = subprocess.run(['pkg-config', '--variable=prefix', 'bus'], env=environment, check=True, capture_output=True, text=True).stdout.strip()
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', f'--define-variable=prefix={folder}{prefix}', 'bus'],
                           env=environment, check=True, capture_output=True, text=True).stdout.split()
    source, program = os.path.join(folder, 'outside.cpp'), os.path.join(folder, 'outside')
    with open(source, 'w', encoding='ascii') as file:
        file.write(PROGRAM)
    subprocess.run(['g++', '-std=c++20', '-Wall', '-Wextra', '-Werror', source, '-o', program, *flags], check=True)
    library = os.path.dirname(os.path.dirname(found[0]))
    return dict(os.environ, LD_LIBRARY_PATH=library, PATH=f'{folder}{prefix}/bin:' + os.environ['PATH']), program


@without_broker
def test_a_program_outside_the_tree_publishes_to_the_installed_command(bus):
    with tempfile.TemporaryDirectory(prefix='bus-installed-') as folder:
        environment, program = built(folder)
        environment.update(BUS_RUNTIME_DIR=bus.runtime, BUS_NAME='t')
        with open(os.path.join(bus.folder, 'installed.log'), 'ab') as log:
            subprocess.run(['busd', '--detach'], env=environment, check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            echo = subprocess.Popen(['bus', 'topic', 'echo', 'outside/raw', '--json', '--once', '-t', '20s'], env=environment,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            equal(subprocess.run([program], env=environment, timeout=PATIENCE, check=False).returncode, 0, 'the program outside the tree')
            heard = json.loads(echo.communicate(timeout=PATIENCE)[0])
            equal((heard['topic'], heard['sequence'], heard['message'], echo.returncode), ('outside/raw', 1, 'aGVsbG8=', 0))
        finally:
            equal(subprocess.run(['busd', '--stop'], env=environment, timeout=PATIENCE, check=False).returncode, 0, 'busd --stop')


if __name__ == '__main__':
    main(globals())
