"""README.md keeps its word: its code is examples/hello, and what it says to type works."""
import os
import subprocess

from cli_support import *  # noqa: F403

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HELLO = os.environ.get('BUS_TEST_HELLO', 'hello')


@without_broker
def test_the_code_is_that_of_the_example(bus):
    with open(os.path.join(ROOT, 'README.md'), encoding='utf-8') as readme, open(os.path.join(ROOT, 'examples/hello/hello.cpp'), encoding='utf-8') as code:
        check(code.read() in readme.read(), 'README.md shows other code than examples/hello/hello.cpp')


def test_the_example_says_and_hears(bus):
    listener = subprocess.Popen([HELLO], env=bus.environment, stdout=subprocess.PIPE, text=True)
    try:
        done = subprocess.run([HELLO, 'world'], env=bus.environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
        equal(done.stdout, 'said it as number 1\n')
        equal(listener.stdout.readline(), 'world\n')
        bus.run('topic', 'pub', 'hello', '{"text":"from the shell"}', '--type', 'hello.Greeting', '--proto', os.path.join(ROOT, 'examples/hello/hello.proto'))
        equal(listener.stdout.readline(), 'from the shell\n')
    finally:
        listener.kill()
        listener.wait()
        listener.stdout.close()


if __name__ == '__main__':
    main(globals())
