"""A page of the guide, taken apart: its fenced blocks in their order. The marks are described in docs/hacking.md."""
import re
import shlex
import subprocess

FENCE = re.compile(r'^```(.*)$')
STATUS = re.compile(r'#\s*status (\d+(?: or \d+)*)\s*$', re.MULTILINE)
SHELL_FLAGS, TEXT_FLAGS, KEYS = (), ('any-order',), ('file', 'norun', 'needs', 'where')


class BadPage(Exception):
    """What stands in a page and can't be followed: file, line, cause."""


class Command:
    """One command of a block, as it was typed, with the exit statuses it may have."""

    def __init__(self, text, line):
        self.text, self.line = text, line
        stated = STATUS.search(text)
        self.statuses = [int(number) for number in stated[1].split(' or ')] if stated else [0]


class Block:
    """language: sh, text, or that of a file. Of a sh block: commands, and expected, its text block (None: its output is not compared)."""

    def __init__(self, page, line, info, body):
        self.page, self.line, self.body = page, line, body
        try:
            words = shlex.split(info)
        except ValueError as error:
            raise self.bad(f'its marks can\'t be read: {error}') from error
        if not words:
            raise self.bad('it has no mark: sh, text, or a language and file=NAME')
        self.language, self.flags, self.keys = words[0], [], {}
        for word in words[1:]:
            key, equals, value = word.partition('=')
            if equals:
                self.keys[key] = value
            else:
                self.flags.append(word)
        self.expected, self.commands = None, []
        self.check_marks()
        if self.language == 'sh':
            self.commands = commands_of(self)

    def check_marks(self):
        allowed = {'sh': SHELL_FLAGS, 'text': TEXT_FLAGS}.get(self.language, ())
        strange = [flag for flag in self.flags if flag not in allowed] + [key for key in self.keys if key not in KEYS]
        if strange:
            raise self.bad(f'unknown mark: {", ".join(strange)}')
        if self.language not in ('sh', 'text') and 'file' not in self.keys:
            raise self.bad(f'a block of {self.language} without file=NAME would be tried by nobody')
        if '/' in self.keys.get('file', ''):
            raise self.bad('file=NAME is a name in the folder where the page is followed, without a slash')
        if 'norun' in self.keys and (self.language != 'sh' or not self.keys['norun']):
            raise self.bad('norun=WHY is for sh, and says why')

    def bad(self, why):
        return BadPage(f'{self.page}:{self.line}: block: {why}')

    def title(self):
        if 'file' in self.keys:
            return f'{self.page}:{self.line}: file {self.keys["file"]}'
        first = self.body.strip().splitlines()[0] if self.body.strip() else '(empty)'
        return f'{self.page}:{self.line}: {first.replace("#", "")}'


def is_whole(text, bad):
    """Whether bash takes it for whole commands: nothing is open, no line is continued."""
    if text.rstrip('\n').endswith('\\'):
        return False
    done = subprocess.run(['bash', '-n'], input=text, capture_output=True, text=True, check=False)
    if 'unexpected end of file' in done.stderr or 'unexpected EOF' in done.stderr or 'here-document' in done.stderr:
        return False
    if done.returncode != 0:
        raise bad(f'bash says: {done.stderr.strip()}')
    return True


def commands_of(block):
    commands, held, start = [], '', 0
    for number, line in enumerate(block.body.splitlines(), block.line + 1):
        if not held and (not line.strip() or line.startswith('#')):
            continue
        start = start if held else number
        held += line + '\n'
        if is_whole(held, block.bad):
            commands.append(Command(held, start))
            held = ''
    if held:
        raise block.bad('its last command has no end')
    return commands


def fenced(path, page):
    """The blocks as they stand, text blocks too."""
    with open(path, encoding='utf-8') as file:
        lines = file.read().splitlines()
    start, info = None, ''
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if fence and start is None:
            start, info = number, fence[1].strip()
        elif fence:
            yield Block(page, start, info, ''.join(text + '\n' for text in lines[start:number - 1]))
            start = None
    if start is not None:
        raise BadPage(f'{page}:{start}: block: it has no end')


def blocks(path, page):
    """The blocks to follow; each text block has become `expected` of the sh block before it."""
    followed = []
    for block in fenced(path, page):
        if block.language == 'text':
            if not followed or followed[-1].language != 'sh' or followed[-1].expected:
                raise block.bad('a text block is what the sh block before it writes; there is none')
            followed[-1].expected = block
        else:
            followed.append(block)
    if not followed:
        raise BadPage(f'{page}: there is no block in it')
    return followed
