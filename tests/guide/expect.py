"""What a command wrote, compared with what the page says. `…` in a line is any text, a line `…` any lines; runs of blanks count as one."""
import re

ANY = '…'
# What a reader sees elsewhere or in other words: what bash says of the jobs of a script, and what busd logs once it has left the terminal.
NOT_SEEN = re.compile(r'(\S+: line \d+: +\d+ (Terminated|Killed|Interrupt|Done|Hangup)\b.*'
                      r'|\[\d+\][-+ ].*'
                      r'|\S+ busd\[\d+\] \S+ info: (?!serves in ).*)$')


def lines_of(text):
    """As they are compared: without what stands at the end, without what is not seen."""
    lines = [' '.join(line.split()) for line in text.splitlines() if not NOT_SEEN.match(line)]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def pattern_of(line):
    return '.*'.join(re.escape(piece) for piece in line.split(ANY))


def in_order(wanted, got):
    whole = ''.join('(?:.*\n)*' if line.strip() == ANY else pattern_of(line) + '\n' for line in wanted)
    return re.fullmatch(whole, ''.join(line + '\n' for line in got)) is not None


def in_any_order(wanted, got):
    """Each line is written once, in whatever order: several programs write."""
    left = list(got)
    for line in wanted:
        if line.strip() == ANY:
            continue
        found = next((candidate for candidate in left if re.fullmatch(pattern_of(line), candidate)), None)
        if found is None:
            return False
        left.remove(found)
    return not left or any(line.strip() == ANY for line in wanted)


def fits(block, output):
    """Whether `output` is what the text block says."""
    compare = in_any_order if 'any-order' in block.flags else in_order
    return compare(lines_of(block.body), lines_of(output))
