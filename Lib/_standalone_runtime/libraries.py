"""Where a system's OpenSSL keeps its modules, said once.

Tools/standalone/recipes/openssl.py takes the list from here, and so does
openssl.py, which reports on it.
"""

#: Directories of libraries in the order of the search: those of Debian and
#: its derivatives, then of Fedora, RHEL, SUSE and Gentoo, then of all others.
LIBRARIES = ("/usr/lib/{multiarch}", "/usr/lib64", "/usr/lib")

#: The names of the directories below those.
PROVIDERS, ENGINES = "ossl-modules", "engines-3"
