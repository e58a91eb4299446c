"""The directories in which systems keep the modules of OpenSSL.

Tools/standalone/recipes/openssl.py compiles them into OpenSSL, and
openssl.py reports on them.
"""

#: Library directories in the order of the search: Debian and its derivatives;
#: Fedora, RHEL, SUSE and Gentoo; all others.
LIBRARIES = ("/usr/lib/{multiarch}", "/usr/lib64", "/usr/lib")

#: Subdirectories of these.
PROVIDERS, ENGINES = "ossl-modules", "engines-3"
