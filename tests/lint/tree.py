"""The files of the source tree, and how a check tells what it found (TAP, the findings on stderr)."""
import os
import sys

SOURCES = ('.cpp', '.hpp', '.h', '.c')
SKIPPED = ('.git', '.cache', '__pycache__')


def files(root, under=''):
    """Paths relative to root of all files in it, but for build folders and the like."""
    for folder, folders, names in os.walk(os.path.join(root, under)):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith('build') and not os.path.exists(
            os.path.join(folder, f, 'meson-private')))
        for name in sorted(set(names) - set(SKIPPED)):
            yield os.path.relpath(os.path.join(folder, name), root)


def sources(root, under=''):
    return (path for path in files(root, under) if path.endswith(SOURCES))


def lines(root, path):
    """The lines of a text file; none of a binary one."""
    with open(os.path.join(root, path), 'rb') as file:
        content = file.read()
    return [] if b'\0' in content else content.decode('utf-8', 'replace').splitlines()


def report(rule, checked, findings):
    """One TAP case: `rule` holds for the `checked` files. Returns the exit status."""
    print('1..1')
    for finding in findings:
        print(finding, file=sys.stderr)
    ok = checked > 0 and not findings
    print(f"{'ok' if ok else 'not ok'} 1 - {rule} ({checked} files)")
    if checked == 0:
        print('no file was found to check', file=sys.stderr)
    return 0 if ok else 1


def root_argument():
    if len(sys.argv) != 2:
        sys.exit(f'usage: {sys.argv[0]} ROOT')
    return sys.argv[1]
