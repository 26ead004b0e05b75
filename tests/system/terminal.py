"""A terminal for the tests of the command: what stands on its screen, as pyte (a VT emulator) understands what was written."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from cli_support import *  # noqa: F403

try:
    import pyte
except ImportError:
    pyte = None


class Terminal:
    """Runs `bus ARGUMENTS` with all three streams on a terminal so large."""

    def __init__(self, bus, lines, columns, *arguments, env=None):
        if pyte is None:
            raise Skipped('python3-pyte is not installed')
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.written = b''  # all that ever came
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))
        environment = {name: value for name, value in bus.environment.items() if name != 'NO_COLOR'}
        environment.update({'TERM': 'xterm', **(env or {})})

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen([BUS, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_terminal)
        os.close(theirs)

    def read(self, patience):
        """Whether something came."""
        ready, _, _ = select.select([self.ours], [], [], patience)
        if not ready:
            return False
        try:
            chunk = os.read(self.ours, 65536)
        except OSError:  # its last process closed it
            return False
        self.written += chunk
        self.stream.feed(chunk)
        return bool(chunk)

    def rows(self):
        """The screen without the blanks behind each line, and without empty lines at its end."""
        rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def until(self, condition, what):
        """Until condition(rows) holds; its value."""
        deadline = time.monotonic() + PATIENCE
        while True:
            value = condition(self.rows())
            if value:
                return value
            check(time.monotonic() < deadline, 'waited in vain for', what, '; the screen:', self.rows())
            self.read(0.1)

    def type(self, text):
        os.write(self.ours, text.encode())

    def hang_up(self):
        os.close(self.ours)
        self.ours = -1

    def end(self):
        """Its status, once it has ended and all was read."""
        while self.ours >= 0 and self.read(0.05 if self.process.poll() is not None else 1):
            continue
        status = self.process.wait(PATIENCE)
        while self.ours >= 0 and self.read(0.05):
            continue
        if self.ours >= 0:
            self.hang_up()
        return status
