"""One bash in which a page is typed from top to bottom: what it is told goes on to hold (variables, folder, jobs)."""
import os
import select
import subprocess
import time

from cli_support import Failure

PATIENCE = 90.0  # seconds for one command, the slowest compilation on a busy machine too


class Shell:
    def __init__(self, folder, environment):
        self.script = os.path.join(folder, 'command')
        self.output_path = os.path.join(folder, 'output')
        self.seen = self.read_to = 0  # bytes of the output that were taken, that were read
        self.answers, answer = os.pipe()
        with open(self.output_path, 'wb') as output:
            # A session of its own: with `set -m` each job is a process group, as at a prompt, and `kill %1` and Ctrl-C's signal work.
            self.bash = subprocess.Popen(['bash', '--noprofile', '--norc'], stdin=subprocess.PIPE, stdout=output, stderr=output, text=True,
                                         cwd=environment['HOME'], env=environment, pass_fds=[answer], start_new_session=True)
        self.answer = answer
        self.tell('set -m')
        os.close(answer)

    def tell(self, line):
        self.bash.stdin.write(line + '\n')
        self.bash.stdin.flush()

    def run(self, text):
        """Types it. Returns: its exit status."""
        with open(self.script, 'w', encoding='utf-8') as file:
            file.write(text)
        self.tell(f'. {self.script} </dev/null {self.answer}>&-; echo $? >&{self.answer}')
        deadline, said = time.monotonic() + PATIENCE, b''
        while not said.endswith(b'\n'):
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise Failure(f'not done after {PATIENCE:.0f} seconds: {text}')
            part = os.read(self.answers, 64)
            if not part:
                raise Failure(f'it ended the shell: {text}')
            said += part
        return int(said)

    def output(self):
        """What was written since the last taken()."""
        with open(self.output_path, 'rb') as file:
            file.seek(self.seen)
            text = file.read()
        self.read_to = self.seen + len(text)
        return text.decode('utf-8', 'replace')

    def taken(self):
        """What output() returned last was looked at."""
        self.seen = self.read_to

    def end(self):
        self.bash.stdin.close()
        self.bash.kill()
        self.bash.wait()
        os.close(self.answers)
