#!/usr/bin/python3
"""The lint checks themselves: each finds what was seeded, and nothing in a clean tree. And summary.py, which counts test cases."""
import contextlib
import io
import os
import shutil
import sys
import tempfile
import unittest

import check_headers
import check_layers
import check_length
import check_shell
import check_words
import tree
from summary_test import Summary  # noqa: F401 (run below)

CLEAN = {
    'libbus/include/bus/error.hpp': '#pragma once\n#include <boost/system/result.hpp>\n',
    'libbus/include/bus/bus.hpp': '#pragma once\n#include <bus/error.hpp>\n#include <google/protobuf/message.h>\n',
    'libbus/src/sys/fifo.hpp': '#pragma once\n#include <sys/stat.h>\n#include <bus/error.hpp>\n',
    'libbus/src/shm/ring.hpp': '#pragma once\n#include "sys/fifo.hpp"\n',
    'libbus/src/wire/frame.cpp': '#include "sys/fifo.hpp"\n#include <bus/v1/control.pb.h>\n',
    'libbus/src/client/session.hpp': '#pragma once\n#include "shm/ring.hpp"\n#include <bus/bus.hpp>\n',
    'proto/bus/v1/control.proto': 'syntax = "proto3";\n',
    'broker/registry.hpp': '#pragma once\n#include "shm/ring.hpp"\n',
    'broker/config.cpp': '#include <toml++/toml.h>\n',
    'tools/bus/main.cpp': '#include <bus/bus.hpp>\n#include <CLI/CLI.hpp>\n',
    'examples/hello.cpp': '#include <bus/bus.hpp>\n',
    'tests/unit/ring_test.cpp': '#include "shm/ring.hpp"\n#include "registry.hpp"\n',
}


@contextlib.contextmanager
def quiet():
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


class Seeded(unittest.TestCase):
    def findings(self, check, seeds=None):
        """What `check` finds in the clean tree with the seeds laid over it."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**CLEAN, **(seeds or {})}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                    file.write(text)
            checked, found = check.findings(root)
            self.assertGreaterEqual(checked, 1)
            return found

    def assert_found(self, check, path, text):
        found = self.findings(check, {path: text})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(path), found)


class Layers(Seeded):
    def test_a_clean_tree_passes(self):
        self.assertEqual(self.findings(check_layers), [])

    def test_sys_must_not_include_shm(self):
        self.assert_found(check_layers, 'libbus/src/sys/clock.hpp', '#include "shm/ring.hpp"\n')

    def test_sys_must_not_include_it_by_a_relative_path_either(self):
        self.assert_found(check_layers, 'libbus/src/sys/clock.hpp', '#  include "../shm/ring.hpp"\n')

    def test_sys_must_not_include_the_public_face_but_for_its_leaves(self):
        self.assert_found(check_layers, 'libbus/src/sys/clock.cpp', '#include <bus/bus.hpp>\n')

    def test_sys_must_not_include_protobuf(self):
        self.assert_found(check_layers, 'libbus/src/sys/clock.cpp', '#include <google/protobuf/message.h>\n')

    def test_shm_must_not_include_wire_nor_generated_messages(self):
        self.assert_found(check_layers, 'libbus/src/shm/slots.cpp', '#include <bus/v1/control.pb.h>\n')

    def test_wire_must_not_include_client(self):
        self.assert_found(check_layers, 'libbus/src/wire/frame.cpp', '#include "client/session.hpp"\n')

    def test_a_public_header_must_not_include_a_private_one(self):
        self.assert_found(check_layers, 'libbus/include/bus/bus.hpp', '#include "client/session.hpp"\n')

    def test_a_public_header_must_not_include_generated_messages(self):
        self.assert_found(check_layers, 'libbus/include/bus/bus.hpp', '#include <bus/v1/control.pb.h>\n')

    def test_a_public_header_takes_nothing_else_of_boost(self):
        self.assert_found(check_layers, 'libbus/include/bus/bus.hpp', '#include <boost/asio.hpp>\n')

    def test_the_library_must_not_include_the_broker(self):
        self.assert_found(check_layers, 'libbus/src/client/session.cpp', '#include "../../../broker/registry.hpp"\n')

    def test_tools_must_not_include_private_headers(self):
        self.assert_found(check_layers, 'tools/bus/echo.cpp', '#include "shm/ring.hpp"\n')

    def test_examples_must_not_include_private_headers(self):
        self.assert_found(check_layers, 'examples/hello.cpp', '#include <sys/fifo.hpp>\n')

    def test_a_heavy_header_must_not_stand_in_a_header(self):
        self.assert_found(check_layers, 'tools/bus/verb.hpp', '#include <CLI/CLI.hpp>\n')


class Length(Seeded):
    def test_400_lines_pass(self):
        self.assertEqual(self.findings(check_length, {'broker/x.cpp': 'int a;\n' * 400}), [])

    def test_401_lines_fail(self):
        self.assert_found(check_length, 'broker/x.cpp', 'int a;\n' * 401)

    def test_scripts_count_too(self):
        self.assert_found(check_length, 'tests/model/run', 'true\n' * 401)

    @unittest.skipIf(shutil.which('shellcheck') is None, 'shellcheck is not installed')
    def test_shell_scripts_are_checked_by_name_and_by_first_line(self):
        self.assertEqual(self.findings(check_shell, {'dev': '#!/bin/bash\necho fine\n'}), [])
        self.assert_found(check_shell, 'dev', '#!/bin/bash\nrm $1\n')
        self.assert_found(check_shell, 'tests/dev/x.sh', '#!/bin/sh\nrm $1\n')

    def test_build_folders_do_not_count(self):
        self.assertEqual(self.findings(check_length, {'build/x.cpp': 'int a;\n' * 999}), [])


class Words(Seeded):
    def test_a_clean_tree_passes(self):
        self.assertEqual(self.findings(check_words), [])

    def test_a_path_of_one_machine_fails(self):
        self.assert_found(check_words, 'docs/hacking.md', 'see /home/somebody/bus\n')

    def test_a_relative_path_passes(self):
        self.assertEqual(self.findings(check_words, {'docs/x.md': 'a/home/b, $HOME/root/x\n'}), [])

    def test_a_sleeping_test_fails(self):
        self.assert_found(check_words, 'tests/unit/x_test.cpp', 'std::this_thread::sleep_for(1ms);\n')

    def test_a_line_size_of_the_compiler_fails_but_may_be_spoken_of(self):
        self.assert_found(check_words, 'broker/x.hpp', '// not hardware_destructive_interference_size\nint x[std::hardware_destructive_interference_size];\n')

    def test_sleeping_elsewhere_passes(self):
        self.assertEqual(self.findings(check_words, {'examples/x.cpp': 'std::this_thread::sleep_for(1ms);\n'}), [])


class Headers(unittest.TestCase):
    def status(self, text):
        with tempfile.TemporaryDirectory() as folder:
            header = os.path.join(folder, 'x.hpp')
            with open(header, 'w', encoding='utf-8') as file:
                file.write(text)
            with quiet():
                return check_headers.main(os.environ.get('CXX', 'c++'), folder, [header])

    def test_a_header_that_includes_what_it_uses_passes(self):
        self.assertEqual(self.status('#pragma once\n#include <string>\ninline std::string x() { return {}; }\n'), 0)

    def test_a_header_that_leans_on_others_fails(self):
        self.assertEqual(self.status('#pragma once\ninline std::string x() { return {}; }\n'), 1)

    def test_a_header_without_pragma_once_fails(self):
        self.assertEqual(self.status('struct X {};\n'), 1)

    def test_a_warning_fails(self):
        self.assertEqual(self.status('#pragma once\ninline int x(int y) { return 1; }\n'), 1)


class Report(unittest.TestCase):
    def status(self, *result):
        with quiet():
            return tree.report('rule', *result)

    def test_says_by_its_status_whether_there_were_findings(self):
        self.assertEqual(self.status(3, []), 0)
        self.assertEqual(self.status(3, ['x']), 1)

    def test_a_check_that_saw_no_file_fails(self):
        self.assertEqual(self.status(0, []), 1)


class Tap(unittest.TextTestResult):
    """One TAP line a test, so that each is counted."""

    def stopTestRun(self):
        bad = {test.id(): text for test, text in self.failures + self.errors}
        for test_id in self.seen:
            print(f"{'not ok' if test_id in bad else 'ok'} {self.seen.index(test_id) + 1} - {test_id}")
        print(f'1..{len(self.seen)}')

    def startTestRun(self):
        self.seen = []

    def startTest(self, test):
        super().startTest(test)
        self.seen.append(test.id())


if __name__ == '__main__':
    unittest.main(testRunner=unittest.TextTestRunner(stream=sys.stderr, resultclass=Tap))
