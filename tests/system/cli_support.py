"""What the tests of the command share: an IPC namespace of one's own, a bus in it, the command run as a user runs it, TAP.

A test is a function whose name is a sentence; it gets a Bus. Each runs on a fresh bus; afterwards no kernel object may be left."""
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BUS = os.environ.get('BUS_TEST_CLI', 'bus')
BUSD = os.environ.get('BUS_BUSD', 'busd')
PATIENCE = 30.0  # seconds until a condition that must come is given up

DONE, ERROR, USAGE, NO_SUCH_THING, NO_BROKER, NOT_PERMITTED, SCHEMA_MISMATCH, TIMEOUT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 124, 130

PROTO = '''syntax = "proto3";
package demo;
message Pose { double x = 1; double y = 2; int64 count = 3; Inner inner = 4; repeated Inner list = 5; bytes blob = 6; string text = 7; }
message Inner { int32 a = 1; string name = 2; }
message Other { string text = 1; }
'''


class Failure(Exception):
    pass


class Skipped(Exception):
    """Raised by a test that lacks something here; says what."""


def check(condition, *what):
    if not condition:
        raise Failure(' '.join(str(w) for w in what) or 'not as it should be')


def equal(got, wanted, what=''):
    check(got == wanted, f'{what}: got {got!r}, wanted {wanted!r}')


def wait_until(condition, what):
    """Until condition() is true; its value."""
    deadline = time.monotonic() + PATIENCE
    nap = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < deadline, 'waited in vain for', what)
        nap.wait(0.01)


def kernel_objects():
    """The System V objects of this namespace, one line each."""
    objects = []
    for kind in ('shm', 'msg', 'sem'):
        with open('/proc/sysvipc/' + kind, encoding='ascii') as file:
            objects += [kind + ' ' + ' '.join(line.split()[:2]) for line in file.readlines()[1:]]
    return objects


class Running:
    """A command that was started; its output is read line by line."""

    def __init__(self, process):
        self.process = process
        self.pid = process.pid
        self.held = b''

    def line(self):
        """The next line on stdout, without its end; None at the end."""
        while b'\n' not in self.held:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
            if not ready:
                raise Failure('no line came; stderr: ' + self.errors_so_far())
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                return None
            self.held += chunk
        line, self.held = self.held.split(b'\n', 1)
        return line.decode()

    def json(self):
        return json.loads(self.line())

    def errors_so_far(self):
        os.set_blocking(self.process.stderr.fileno(), False)
        with contextlib.suppress(BlockingIOError, TypeError):
            return (self.process.stderr.read() or b'').decode()
        return ''

    def error_line(self):
        """The next line on stderr."""
        line = b''
        while not line.endswith(b'\n'):
            ready, _, _ = select.select([self.process.stderr], [], [], PATIENCE)
            check(ready, 'no word on stderr')
            byte = os.read(self.process.stderr.fileno(), 1)
            if not byte:
                break
            line += byte
        return line.decode()

    def send(self, text):
        self.process.stdin.write(text.encode() if isinstance(text, str) else text)
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def catches(self, number):
        """Until it has a handler for that signal."""
        def caught():
            with open(f'/proc/{self.pid}/status', encoding='ascii', errors='replace') as file:
                mask = next(line.split()[1] for line in file if line.startswith('SigCgt:'))
            return int(mask, 16) >> (number - 1) & 1
        wait_until(caught, 'a handler of the signal')

    def end(self):
        """Waits for its end. Returns: status, the rest of stdout, stderr."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
            self.process.stdin = None
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, (self.held + (out or b'')).decode(), (err or b'').decode()


class Bus:
    def __init__(self, folder):
        self.folder = folder
        self.runtime = os.path.join(folder, 'run')
        os.mkdir(self.runtime, 0o755)
        self.proto = os.path.join(folder, 'demo.proto')
        with open(self.proto, 'w', encoding='ascii') as file:
            file.write(PROTO)
        self.environment = dict(os.environ, BUS_RUNTIME_DIR=self.runtime, BUS_NAME='t')
        self.broker = None
        self.running = []

    def serve(self):
        with open(os.path.join(self.folder, 'busd.log'), 'ab') as log:
            self.broker = subprocess.Popen([BUSD], env=self.environment, stdout=log, stderr=log)
        wait_until(lambda: self.run(status=None).returncode == DONE, 'busd to serve')

    def stop(self, number=signal.SIGTERM):
        if self.broker:
            self.broker.send_signal(number)
            self.broker.wait(PATIENCE)
            self.broker = None

    def run(self, *arguments, status=DONE, text=None, env=None):
        """Runs `bus ARGUMENTS`; its status must be `status` (None: any)."""
        done = subprocess.run([BUS, *arguments], env=dict(self.environment, **(env or {})), input=text, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        if status is not None:
            check(done.returncode == status, f'bus {" ".join(arguments)}: status {done.returncode}, wanted {status}; stderr: {done.stderr}')
        return done

    def json(self, *arguments, status=DONE):
        """The one document it writes."""
        done = self.run(*arguments, '--json', status=status)
        lines = done.stdout.splitlines()
        equal(len(lines), 1, 'lines of a document')
        return json.loads(lines[0])

    def error(self, *arguments, status, text=None):
        """The error it writes with --json, which must be the last line of stderr and whole."""
        done = self.run(*arguments, '--json', status=status, text=text)
        error = json.loads(done.stderr.splitlines()[-1])
        equal(list(error), ['error'])
        check({'code', 'what', 'hint'} <= set(error['error']), error)
        check(error['error']['what'], 'an error without a text')
        return error['error']

    def start(self, *arguments, stdout=subprocess.PIPE):
        return self.start_program(BUS, *arguments, stdout=stdout)

    def start_program(self, *command, stdout=subprocess.PIPE, cwd=None):
        """Any program, on this bus."""
        process = subprocess.Popen(command, env=self.environment, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE, bufsize=0,
                                   cwd=cwd)
        running = Running(process)
        self.running.append(running)
        return running

    def pub(self, topic, message, *more, status=DONE):
        """Publishes a demo.Pose, its type given."""
        return self.run('topic', 'pub', topic, message, '--type', 'demo.Pose', '--proto', self.proto, *more, status=status)

    def publisher(self, topic, *more, kind='demo.Pose'):
        """A publisher that takes messages, lines of JSON, through send()."""
        publisher = self.start('topic', 'pub', topic, '--stdin', '--type', kind, '--proto', self.proto, *more)
        publisher.send('{}\n')
        self.run('wait', 'topic', topic, '-t', '20s')
        return publisher

    def listening(self, topic, count=1):
        """Until so many read the topic, or wait for it."""
        def readers():
            details = self.run('topic', 'info', topic, '--json', status=None)
            return details.returncode == DONE and len(json.loads(details.stdout)['topics'][0]['subscribers']) >= count
        wait_until(readers, f'{count} readers of {topic}')

    def listening_or_waiting(self, topic, count=1):
        """The same where nobody publishes there yet: its readers make the topic known, or wait for it by name."""
        wait_until(lambda: (status := self.json())['subscribers'] + status['observers'] >= count, f'{count} readers')
        self.listening(topic, count)

    def end(self):
        for running in self.running:
            if running.process.poll() is None:
                running.process.kill()
            running.process.wait()
            for stream in (running.process.stdin, running.process.stdout, running.process.stderr):
                if stream and not stream.closed:
                    with contextlib.suppress(OSError):
                        stream.close()
        if self.broker:
            equal(self.broker.poll(), None, 'busd ended by itself')
        self.stop()


def run_one(test, serve):
    with tempfile.TemporaryDirectory(prefix='bus-cli-') as folder:
        os.chmod(folder, 0o755)
        bus = Bus(folder)
        try:
            if serve:
                bus.serve()
            test(bus)
        finally:
            bus.end()
    equal(kernel_objects(), [], 'left-overs')


def alone():
    """Runs this program again in an IPC namespace of its own."""
    if os.environ.get('BUS_CLI_ALONE'):
        return
    os.environ['BUS_CLI_ALONE'] = '1'
    os.environ['PYTHONDONTWRITEBYTECODE'] = '1'
    how = ['--ipc'] if os.geteuid() == 0 else ['--user', '--map-root-user', '--ipc']
    sys.stdout.flush()
    os.execvp('unshare', ['unshare', *how, sys.executable, *sys.argv])


def main(tests):
    """Runs the tests given by name as arguments, or all. `tests` is the module's globals()."""
    alone()
    wanted = sys.argv[1:]
    chosen = [(name, test) for name, test in tests.items() if name.startswith('test_') and (not wanted or name in wanted)]
    print(f'1..{len(chosen)}', flush=True)
    failed = False
    for number, (name, test) in enumerate(chosen, 1):
        sentence = name.removeprefix('test_').replace('_', ' ')
        try:
            run_one(test, getattr(test, 'serve', True))
            print(f'ok {number} - {sentence}', flush=True)
        except Skipped as lack:
            print(f'ok {number} - {sentence} # SKIP {lack}', flush=True)
        except Exception:  # a failed test, whatever it died of
            failed = True
            traceback.print_exc()
            print(f'not ok {number} - {sentence}', flush=True)
            subprocess.run(['ipcrm', '--all'], check=False)
    sys.exit(1 if failed else 0)


def without_broker(test):
    """The test starts busd itself, or none."""
    test.serve = False
    return test
