"""What OSV's API answers, and what it should not, on the loopback interface.

https://google.github.io/osv.dev/api/
"""

import contextlib
import http.server
import json

from . import loopback


class Handler(http.server.BaseHTTPRequestHandler):
    """The server's *known* maps a package to ids, *reports* ids to reports.

    A package is a purl, or the name and the version.  *page* is the number
    of ids in a page, *broken* the beginning of a path, and *mode* how it is
    answered.  The question with the number *broken_from* gets an error.
    """

    def do_GET(self):
        report = self.server.reports.get(self.path.rpartition("/")[2])
        self.answer(200 if report else 404, report or {"code": 5})

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        queries = json.loads(self.rfile.read(size))["queries"]
        self.server.queries += queries
        self.answer(200, {"results": [self.result(query)
                                      for query in queries]})

    def result(self, query):
        package = query["package"]
        name = package.get("purl") or f"{package['name']} {query['version']}"
        ids = self.server.known.get(name, [])
        start = int(query.get("page_token", 0))
        end = start + self.server.page
        result = {}
        if found := ids[start:end]:
            result["vulns"] = [{"id": id_, "modified": "2026-11-01T00:00:00Z"}
                               for id_ in found]
        if ids[end:]:
            result["next_page_token"] = str(end)
        return result

    def answer(self, status, document):
        self.server.asked.append(self.path)
        data = json.dumps(document).encode()
        if len(self.server.asked) == self.server.broken_from:
            status = 503
        if self.path.startswith(self.server.broken):
            mode = self.server.mode
            if isinstance(mode, int):
                status = mode
            elif isinstance(mode, bytes):
                data = mode
            elif mode == "hanging":
                self.server.released.wait(60)
            elif mode == "closed":
                return
        self.send_response(status)
        self.send_header("Content-Length", str(
            len(data) + 9 * (self.server.mode == "truncated")))
        self.end_headers()
        with contextlib.suppress(OSError):           # the client has left
            self.wfile.write(data)

    def log_message(self, *args):
        pass


def serve(test):
    """Run the service until *test* ends; it knows nothing yet."""
    server = loopback.serve(test, Handler)
    server.known, server.reports = {}, {}
    server.queries, server.asked = [], []
    server.broken_from = 0
    server.page, server.broken, server.mode = 1000, "/v1/querybatch", ""
    server.url = f"http://127.0.0.1:{server.server_port}"
    return server


def report(server, id_, *aliases, **fields):
    """Add a report of a vulnerability."""
    server.reports[id_] = {"id": id_, "aliases": list(aliases),
                           "summary": f"about {id_}", **fields}
