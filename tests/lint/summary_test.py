"""The counting of test cases: what failed is never lost."""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import summary  # noqa: E402


class Summary(unittest.TestCase):
    def totals(self, programs, junit):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, 'meson-logs'))
            base = os.path.join(folder, 'meson-logs', 'log')
            with open(base + '.json', 'w', encoding='utf-8') as file:
                for name, result in programs:
                    file.write(json.dumps({'name': name, 'result': result, 'returncode': 0, 'stdout': name + ' says\n'}) + '\n')
            if junit is not None:
                with open(base + '.junit.xml', 'w', encoding='utf-8') as file:
                    file.write(f'<testsuites>{junit}</testsuites>')
            self.shown = io.StringIO()
            with contextlib.redirect_stdout(self.shown):
                return summary.summarize(folder, 'log')

    def suite(self, name, tests, failures=0, skipped=0, disabled=0):
        return f'<testsuite name="{name}" tests="{tests}" failures="{failures}" skipped="{skipped}" disabled="{disabled}" errors="0"/>'

    def test_counts_the_cases_of_all_suites_of_a_program(self):
        self.assertEqual(self.totals([('ring', 'OK')], self.suite('bus.ring.A', 3) + self.suite('bus.ring.B', 4, skipped=1)), [6, 0, 1])

    def test_counts_failed_cases_and_shows_the_log(self):
        self.assertEqual(self.totals([('ring', 'FAIL')], self.suite('bus.ring.A', 3, failures=2)), [1, 2, 0])
        self.assertIn('ring says', self.shown.getvalue())

    def test_a_program_that_died_is_a_failure(self):
        self.assertEqual(self.totals([('ring', 'FAIL')], None), [0, 1, 0])

    def test_a_program_that_failed_after_its_last_case_is_a_failure(self):
        self.assertEqual(self.totals([('ring', 'FAIL')], self.suite('bus.ring.A', 3)), [3, 1, 0])

    def test_a_timeout_is_a_failure(self):
        self.assertEqual(self.totals([('ring', 'TIMEOUT')], ''), [0, 1, 0])

    def test_a_program_without_cases_counts_as_one(self):
        self.assertEqual(self.totals([('a', 'OK'), ('b', 'SKIP'), ('c', 'EXPECTEDFAIL'), ('d', 'UNEXPECTEDPASS')], ''), [2, 1, 1])

    def test_disabled_cases_are_not_counted_as_passed(self):
        self.assertEqual(self.totals([('ring', 'OK')], self.suite('bus.ring.A', 3, disabled=1)), [2, 0, 0])

    def test_programs_whose_names_begin_alike_are_kept_apart(self):
        self.assertEqual(self.totals([('ring', 'OK')], self.suite('bus.ring.A', 3) + self.suite('bus.ring_join.A', 4)), [3, 0, 0])
