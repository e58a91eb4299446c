"""A real HTTP server on the loopback interface, for one test."""

import http.server
import threading


def serve(test, handler):
    """Run *handler* until *test* ends; the server, in no mode of its own.

    A handler that is to hang sets ``stalled`` and waits for ``released``,
    which the end of the test sets.
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.stalled = threading.Event()
    server.released = threading.Event()
    thread = threading.Thread(target=server.serve_forever,
                              kwargs={"poll_interval": 0.01})
    thread.start()
    test.addCleanup(thread.join)
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    test.addCleanup(server.released.set)
    return server
