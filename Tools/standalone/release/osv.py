"""Ask OSV which known vulnerabilities a version has.

OSV finds Python packages by purl and other projects by the URL of their git
repository and a version (https://google.github.io/osv.dev/post-v1-query/).
It does not know CPEs.  Its data about Debian's packages would not help: it
says which package has a fix, and Debian's packages have patches.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from standalone.core.errors import UsageError
from standalone.sources.download import Downloader, Unavailable

URL = "https://api.osv.dev"
# OSV may return the vulnerabilities of one version in several pages.
_MOST_PAGES = 20
# https://ossf.github.io/osv-schema/#id-modified-fields
_ID = re.compile(r"[A-Za-z]+-[\w.:-]+", re.ASCII)

Query = Mapping[str, Any]


@dataclass(frozen=True)
class Vulnerability:
    """A known vulnerability; *aliases* are its other names, such as a CVE."""

    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""

    @property
    def names(self) -> frozenset[str]:
        """All names of the vulnerability."""
        return frozenset({self.id, *self.aliases})

    def __str__(self) -> str:
        return next((name for name in sorted(self.names)
                     if re.fullmatch(r"CVE-[\d-]+", name)), self.id)


def python_package(project: str, version: str) -> Query:
    """Return the query for a package of PyPI."""
    # https://github.com/package-url/purl-spec
    project = project.lower().replace("_", "-")
    return {"package": {
        "purl": f"pkg:pypi/{project}@{quote(version, safe='')}"}}


def repository(url: str, version: str) -> Query:
    """Return the query for a release of a project with a git repository."""
    return {"package": {"name": url, "ecosystem": "GIT"}, "version": version}


def check_url(url: str) -> str:
    """Return the URL of the service, or raise UsageError."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(f"invalid --osv-url: {url}",
                         hint="for example https://api.osv.dev")
    return url.rstrip("/")


@dataclass(frozen=True)
class Service:
    """The service at *url*; *downloader* has the state of the connection.

    *problems* gets a line for each question that was not answered.
    """

    url: str
    downloader: Downloader
    problems: list[str] = field(default_factory=list)

    def vulnerabilities(self, queries: Sequence[Query],
                        ) -> list[tuple[Vulnerability, ...]]:
        """Return the known vulnerabilities for each query, in its order.

        Raises Unavailable if the service answers none.  A vulnerability
        is never left out because a later question was not answered.
        """
        found: list[set[str]] = [set() for _ in queries]
        left = self._page(dict(enumerate(queries)), found)
        pages = 1
        try:
            while left:
                if (pages := pages + 1) > _MOST_PAGES:
                    raise Unavailable(f"more than {_MOST_PAGES} pages")
                left = self._page(left, found)
        except Unavailable as exc:
            self.problems.append(f"not all results: {exc}")
        known = self._reports(sorted(set().union(*found)))
        return [_merged(vulnerability for id_ in sorted(ids)
                        if (vulnerability := known[id_]))
                for ids in found]

    def _page(self, queries: Mapping[int, Query],
              found: list[set[str]]) -> dict[int, Query]:
        """Add the ids of a page to *found*; return queries for the next."""
        answer = self._ask("/v1/querybatch",
                           {"queries": list(queries.values())})
        results = answer.get("results")
        if not isinstance(results, list) or len(results) != len(queries):
            raise Unavailable("invalid answer: not one result for each query")
        answers = [_read(result) for result in results]
        left: dict[int, Query] = {}
        for number, (ids, token) in zip(queries, answers, strict=True):
            found[number] |= ids
            if token:
                left[number] = {**queries[number], "page_token": token}
        return left

    def _reports(self, ids: Iterable[str],
                 ) -> dict[str, Vulnerability | None]:
        """Return vulnerabilities by id; None if the report was withdrawn."""
        found: dict[str, Vulnerability | None] = {}
        failed: dict[str, Unavailable] = {}
        for id_ in ids:
            try:
                found[id_] = self._report(id_)
            except Unavailable as exc:
                found[id_] = Vulnerability(id_)
                failed[id_] = exc
        if failed:
            self.problems.append(f"no details of {', '.join(failed)}: "
                                 f"{next(iter(failed.values()))}")
        return found

    def _report(self, id_: str) -> Vulnerability | None:
        found = self._ask(f"/v1/vulns/{quote(id_, safe='')}")
        if found.get("id") != id_:
            raise Unavailable(f"invalid answer: not about {id_}")
        if found.get("withdrawn"):
            return None
        aliases = found.get("aliases", [])
        if not isinstance(aliases, list):
            raise Unavailable(f"invalid answer: aliases of {id_}")
        return Vulnerability(id_, tuple(sorted(map(str, aliases))),
                             str(found.get("summary", "")))

    def _ask(self, path: str,
             question: Mapping[str, Any] | None = None) -> dict[str, Any]:
        body = None if question is None else json.dumps(question).encode()
        text = self.downloader.ask(self.url + path, body)
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise Unavailable("invalid answer: not JSON") from exc
        if not isinstance(answer, dict):
            raise Unavailable("invalid answer: not a JSON object")
        return answer


def _read(result: object) -> tuple[set[str], str]:
    """Return the ids in a result, and the token of the next page."""
    vulnerabilities = (result.get("vulns", [])
                       if isinstance(result, dict) else None)
    if not isinstance(vulnerabilities, list) or not all(
            isinstance(entry, dict)
            and isinstance(entry.get("id"), str)
            and _ID.fullmatch(entry["id"]) for entry in vulnerabilities):
        raise Unavailable("invalid answer: a result without ids")
    assert isinstance(result, dict)
    return ({entry["id"] for entry in vulnerabilities},
            str(result.get("next_page_token") or ""))


def _merged(found: Iterable[Vulnerability]) -> tuple[Vulnerability, ...]:
    """Merge reports of one vulnerability: OSV has several databases."""
    merged: list[Vulnerability] = []
    for new in found:
        same = [old for old in merged if old.names & new.names]
        names = new.names.union(*(old.names for old in same))
        first = same[0] if same else new
        merged = [old for old in merged if old not in same]
        merged.append(Vulnerability(
            first.id, tuple(sorted(names - {first.id})),
            first.summary or new.summary))
    return tuple(sorted(merged, key=str))
