"""Test release.osv, with a service on loopback that answers well or badly."""

import os
import unittest
from unittest import mock

from standalone.core.errors import UsageError
from standalone.release import osv
from standalone.sources import download
from standalone.sources.download import Downloader, Unavailable

from . import osv_service

JINJA = osv.python_package("jinja2", "3.1.4")
XZ = osv.repository("https://example.org/xz", "5.8.0")


class OsvTest(unittest.TestCase):

    def setUp(self):
        self.enterContext(mock.patch.dict(os.environ, {
            "no_proxy": "127.0.0.1"}))
        self.server = osv_service.serve(self)

    def ask(self, *queries):
        self.service = osv.Service(self.server.url, Downloader())
        return self.service.vulnerabilities(queries)

    def names(self, *queries):
        return [[str(one) for one in found] for found in self.ask(*queries)]

    def assertUnavailable(self, expected):
        with self.assertRaisesRegex(Unavailable, expected) as caught:
            self.ask(JINJA, XZ)
        self.assertNotIn("\n", str(caught.exception))


class AnswersTest(OsvTest):

    def test_none(self):
        self.assertEqual(self.ask(JINJA, XZ), [(), ()])
        self.assertEqual(self.server.queries, [
            {"package": {"purl": "pkg:pypi/jinja2@3.1.4"}},
            {"package": {"name": "https://example.org/xz",
                         "ecosystem": "GIT"}, "version": "5.8.0"}])

    def test_vulnerable(self):
        self.server.known = {"https://example.org/xz 5.8.0": ["OSV-1"]}
        osv_service.report(self.server, "OSV-1", "CVE-2025-31115")
        self.assertEqual(self.ask(JINJA, XZ), [
            (), (osv.Vulnerability("OSV-1", ("CVE-2025-31115",),
                                   "about OSV-1"),)])
        self.assertEqual(self.names(XZ), [["CVE-2025-31115"]])

    def test_names(self):
        self.assertEqual(
            osv.python_package("Foo_Bar", "1.0+x"),
            {"package": {"purl": "pkg:pypi/foo-bar@1.0%2Bx"}})

    def test_several_reports_of_one_vulnerability(self):
        """PyPA and GitHub have reports of the same."""
        self.server.known = {"pkg:pypi/jinja2@3.1.4": [
            "PYSEC-1", "GHSA-1", "GHSA-2", "PYSEC-3"]}
        osv_service.report(self.server, "PYSEC-1", "CVE-1")
        osv_service.report(self.server, "GHSA-1", "CVE-1")
        osv_service.report(self.server, "GHSA-2")
        osv_service.report(self.server, "PYSEC-3", "GHSA-2", "GHSA-1")
        [found] = self.ask(JINJA)
        self.assertEqual([sorted(one.names) for one in found], [
            ["CVE-1", "GHSA-1", "GHSA-2", "PYSEC-1", "PYSEC-3"]])

    def test_withdrawn(self):
        self.server.known = {"pkg:pypi/jinja2@3.1.4": ["GHSA-1", "GHSA-2"]}
        osv_service.report(self.server, "GHSA-1",
                           withdrawn="2026-01-01T00:00:00Z")
        osv_service.report(self.server, "GHSA-2")
        self.assertEqual(self.names(JINJA), [["GHSA-2"]])

    def test_pages(self):
        ids = [f"OSV-{number}" for number in range(5)]
        self.server.known = {"pkg:pypi/jinja2@3.1.4": ids,
                             "https://example.org/xz 5.8.0": ids[:3]}
        for id_ in ids:
            osv_service.report(self.server, id_)
        self.server.page = 2
        self.assertEqual(self.names(XZ, JINJA), [ids[:3], ids])
        self.assertEqual(self.server.asked.count("/v1/querybatch"), 3)

    def test_pages_without_end(self):
        self.server.known = {"pkg:pypi/jinja2@3.1.4": ["OSV-1"] * 99}
        self.server.page = 1
        self.assertEqual(self.names(JINJA), [["OSV-1"]])
        self.assertEqual(self.service.problems[0],
                         "not all results: more than 20 pages")


class BadAnswersTest(OsvTest):

    def test_garbage(self):
        for text, expected in (
                (b"<html>", "not JSON"), (b"", "not JSON"),
                (b"\xff\xfe", "not JSON"), (b"[" * 99999, "not JSON"),
                (b"[]", "not a JSON object"),
                (b"{}", "not one result for each"),
                (b'{"results": [{}]}', "not one result for each"),
                (b'{"results": {"a": 1, "b": 2}}', "not one result"),
                (b'{"results": [{}, 7]}', "without ids"),
                (b'{"results": [{}, {"vulns": {}}]}', "without ids"),
                (b'{"results": [{}, {"vulns": [{}]}]}', "without ids"),
                (b'{"results": [{}, {"vulns": [{"id": 7}]}]}',
                 "without ids"),
                (b'{"results": [{}, {"vulns": [{"id": "A-1\\u001b"}]}]}',
                 "without ids")):
            with self.subTest(text[:50]):
                self.server.mode = text
                self.assertUnavailable(f"invalid answer: .*{expected}")

    def test_garbage_about_a_vulnerability(self):
        """It is one all the same."""
        self.server.known = {"pkg:pypi/jinja2@3.1.4": ["OSV-1"]}
        osv_service.report(self.server, "OSV-1", "CVE-1")
        self.server.broken = "/v1/vulns"
        for text in b"{", b"[]", b"{}", b'{"id": "OSV-2"}', (
                b'{"id": "OSV-1", "aliases": "CVE-1"}'), 500:
            self.server.mode = text
            self.assertEqual(self.names(JINJA), [["OSV-1"]])
            [problem] = self.service.problems
            self.assertRegex(problem, "^no details of OSV-1: "
                             "(invalid answer|HTTP 500)")

    def test_failure_after_the_first_page(self):
        self.server.known = {"pkg:pypi/jinja2@3.1.4": ["OSV-1", "OSV-2"]}
        osv_service.report(self.server, "OSV-1")
        self.server.page = 1
        self.server.broken_from = 2
        self.assertEqual(self.names(JINJA, XZ), [["OSV-1"], []])
        self.assertEqual(self.service.problems,
                         ["not all results: HTTP 503 Service Unavailable"])

    def test_errors(self):
        for code in 400, 404, 500, 503:
            self.server.mode = code
            self.assertUnavailable(rf"\AHTTP {code} ")

    def test_hanging(self):
        self.server.mode = "hanging"
        with mock.patch.object(download, "_SILENCE", 0.5):
            self.assertUnavailable("no answer in time")

    def test_nothing(self):
        self.server.mode = "closed"
        self.assertUnavailable(".")

    def test_truncated(self):
        self.server.mode = "truncated"
        self.assertUnavailable(r"\Atruncated: got 21 of 30 bytes\Z")

    def test_too_large(self):
        self.server.mode = b" " * 20000
        with mock.patch.object(download, "_LARGEST_ANSWER", 10000):
            self.assertUnavailable("more than 10000 bytes")


class UrlTest(unittest.TestCase):

    def test_valid(self):
        self.assertEqual(osv.check_url("https://osv.test/api/"),
                         "https://osv.test/api")

    def test_invalid(self):
        for url in "", "osv.test", "file:///etc", "http://", "http://[":
            with self.assertRaisesRegex(UsageError, "invalid --osv-url"):
                osv.check_url(url)


if __name__ == "__main__":
    unittest.main()
