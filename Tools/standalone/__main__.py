"""The command line; the only module that catches errors and exits."""

import argparse
import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

if not __package__:              # run as `python3 Tools/standalone ...`
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from standalone import request as configuration
from standalone.archives import index
from standalone.bench import comparison
from standalone.core import layout
from standalone.core.errors import (
    BuildError,
    StageFailed,
    StandaloneError,
    UsageError,
)
from standalone.cpython import overlay_command
from standalone.pipeline import driver, explain, plan, record, stages, timeline
from standalone.platforms import targets
from standalone.release import outdated_command, respin, sign
from standalone.testing import check, reproduce, startup, suite
from standalone.toolchain import compilers
from standalone.training import train

LOG_LINES = 30

#: Command → the options that only it has, besides those of all commands.
OWN_OPTIONS = {"bench": ("peer", "mode", "benchmarks"),
               "respin": ("base", "cves"), "test": ("systems", "tests")}

# Errors that the system reports for paths that the user chose.
_PATH_ERRORS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP,
                errno.ENAMETOOLONG)


def main(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    arguments = parser().parse_args(argv)
    try:
        dispatch(arguments)
    except StageFailed as exc:
        return exc.exit_code
    except StandaloneError as exc:
        return failed(exc, arguments)
    except OSError as exc:
        # Compare the text: shutil.copytree() keeps no errno.
        full = os.strerror(errno.ENOSPC)
        if full in str(exc):
            return failed(BuildError(full, hint=str(exc)[:300]), arguments)
        if exc.errno not in _PATH_ERRORS or exc.filename is None:
            raise
        return failed(UsageError(
            f"{os.strerror(exc.errno)}: {str(exc.filename)[:300]}"),
            arguments)
    except KeyboardInterrupt:
        return 130
    return 0


def failed(exc: StandaloneError, arguments: argparse.Namespace) -> int:
    """Report *exc* and return the exit code.

    A stage also writes the code to a file in its work directory, from
    which `make standalone` gets its own exit code.
    """
    report(exc)
    if "work" in arguments:
        work = Path(arguments.work)
        with contextlib.suppress(OSError):           # the disk is full
            if (work / "plan").is_dir():
                (work / "failed").write_text(str(exc.exit_code))
    return exc.exit_code


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and their options."""
    top = argparse.ArgumentParser(
        prog="standalone", description="Build the standalone CPython.")
    commands = top.add_subparsers(dest="command", required=True)
    for name, text in (("build", "build the archives"),
                       ("fetch", "download everything that a build needs"),
                       ("clean", "remove intermediate files"),
                       ("sign", "sign the archives in OUT"),
                       ("check", "test the tools and the archives"),
                       ("test", "run CPython's test suite on the build"),
                       ("bench", "compare the build with another Python"),
                       ("bench-startup", "measure the cost of start-up"),
                       ("train", "write the profile for OPTIONS=pgo"),
                       ("reproduce", "build again elsewhere and compare"),
                       ("respin", "release with updated dependencies"),
                       ("plan", "list the stages and their state"),
                       ("why", "show why a stage is out of date"),
                       ("timeline", "show when the stages ran")):
        command = commands.add_parser(name, help=text)
        if name == "check":
            command.add_argument("what", choices=(
                "all", "tools", "distribution", "chroots", "frozen",
                "killed"))
        if name == "why":
            command.add_argument("stage")
            command.add_argument("dependency", nargs="?")
        for option in OWN_OPTIONS.get(name, ()):
            command.add_argument(f"--{option}", default="")
        command.add_argument("--cpython", default="")
        command.add_argument("--target", default="")
        command.add_argument("--toolchain", default=compilers.TOOLCHAINS[0])
        command.add_argument("--options", default="")
        command.add_argument("--sources", default="")
        command.add_argument("--out", default="dist")
        command.add_argument("--jobs", default="")
        command.add_argument("--build", default="")
    relinked = commands.add_parser(
        "relink", help="link another interpreter from a full archive")
    relinked.add_argument("archive", type=Path)
    relinked.add_argument("--without", action="append", default=[],
                          metavar="MODULE")
    relinked.add_argument("--with", action="append", default=[],
                          metavar="MODULE.c", type=Path, dest="additions")
    relinked.add_argument("-o", "--output", type=Path, required=True)
    document = commands.add_parser(
        "metadata", help="print PYTHON.json of a full archive, or write a "
        "copy of the archive that contains it")
    document.add_argument("archive", type=Path)
    document.add_argument("--version", default="8")
    document.add_argument("-o", "--output", type=Path)
    for command in (relinked, document):
        command.add_argument(
            "--out", default=str(layout.cache_dir() / "relink"),
            help="directory for the compiler and Python packages")
    stage = commands.add_parser(
        "stage", help="run one stage of a planned build")
    stage.add_argument("name")
    stage.add_argument("dependency", nargs="?")
    stage.add_argument("--work", default=".")
    overlay_command.add_options(commands.add_parser(
        "overlay", help="apply, check or print our changes to CPython"))
    listing = commands.add_parser(
        "index", help="print an index of archives for uv to install from")
    listing.add_argument("out", type=Path, nargs="?", default=Path("dist"))
    listing.add_argument("--base-url", help=(
        "URL of the archives (default: their current directory)"))
    outdated_command.add_options(commands.add_parser(
        "outdated", help="list pins with newer versions and vulnerabilities"))
    return top


def dispatch(arguments: argparse.Namespace) -> None:
    """Run the command that *arguments* select."""
    match arguments.command:
        case "build":
            driver.build(request(arguments, fetching=True))
        case "fetch":
            driver.download(request(arguments, fetching=True))
        case "clean":
            driver.clean(request(arguments).layout)
        case "sign":
            sign.sign(Path(arguments.out))
        case "check":
            # The others test what has been built.
            fetching = arguments.what in ("all", "tools")
            if check.check(arguments.what, request(
                    arguments, fetching=fetching)).failed:
                raise SystemExit(1)
        case "test":
            if not suite.suite(request(arguments), arguments.systems,
                               arguments.tests):
                raise SystemExit(1)
        case "bench":
            comparison.bench(request(arguments), arguments.peer,
                             arguments.mode, arguments.benchmarks)
        case "bench-startup":
            startup.bench(request(arguments))
        case "train":
            arguments.options = train.without_profile(arguments.options)
            train.train(request(arguments, fetching=True))
        case "reproduce":
            reproduce.must_reproduce(request(arguments, fetching=True))
        case "respin":
            respin.respin(request(arguments), arguments.base,
                          arguments.cves)
        case "plan":
            print(*explain.listing(request(arguments)), sep="\n")
        case "why":
            print(*explain.why(request(arguments), arguments.stage,
                               arguments.dependency), sep="\n")
        case "timeline":
            timeline.draw(request(arguments))
        case "relink":
            run_relink(arguments)
        case "metadata":
            run_metadata(arguments)
        case "stage":
            run_stage(arguments.name, arguments.dependency,
                      configuration.load(Path(arguments.work).resolve()))
        case "overlay":
            overlay_command.run(
                arguments.action, arguments.tree, arguments.directory,
                verbose=arguments.verbose)
        case "outdated":
            if outdated_command.run(arguments):
                raise SystemExit(1)
        case "index":
            print(index.of_directory(arguments.out, arguments.base_url),
                  end="")


def request(arguments: argparse.Namespace, *,
            fetching: bool = False) -> configuration.Config:
    """Return the checked request that *arguments* describe.

    If they name no CPython and *fetching* is true, fetch the default one.
    """
    config = configuration.check(configuration.Config(
        cpython=(arguments.cpython
                 or configuration.default_cpython(arguments.options)),
        target=arguments.target or targets.host().triple,
        toolchain=arguments.toolchain, options=arguments.options,
        sources=arguments.sources or None, out=arguments.out,
        jobs=configuration.jobs(arguments.jobs),
        build=configuration.number("BUILD", arguments.build or "1")))
    if fetching and not arguments.cpython:
        return driver.fetch_default(config)
    return config


def run_relink(arguments: argparse.Namespace) -> None:
    """Run the command relink, and print how to use the program."""
    with packages(arguments.out) as config:
        from standalone.release import relink
        modules = relink.relink(relink.Change(
            arguments.archive, frozenset(arguments.without),
            tuple(arguments.additions), arguments.output), config)
    print(f"{arguments.output}: {len(modules)} modules built in\n"
          "  Put it into install/bin of that distribution, where it finds "
          "the library,\n  or set PYTHONHOME.")


def run_metadata(arguments: argparse.Namespace) -> None:
    """Print PYTHON.json, or write an archive that contains it."""
    with packages(arguments.out):
        from standalone.archives import full_archive
        from standalone.documents import python_json
        if arguments.output:
            full_archive.convert(arguments.archive, arguments.version,
                         arguments.output)
        else:
            sys.stdout.write(python_json.text(python_json.as_version(
                full_archive.document(arguments.archive), arguments.version)))


@contextlib.contextmanager
def packages(out: str) -> Iterator[configuration.Config]:
    """Make the host's Python packages in *out* importable.

    They are installed if necessary.
    """
    config = configuration.check(configuration.Config(
        cpython=configuration.default_cpython(),
        target=targets.host().triple, toolchain=compilers.TOOLCHAINS[0],
        options="", sources=None, out=out, jobs=1))
    with driver.lock(config.layout):
        driver.packages(config)
        yield config


def run_stage(name: str, dependency: str | None,
              config: configuration.Config) -> None:
    """Run one stage unless its output has the planned key.

    Raises UsageError if the host's Python packages are not installed.
    """
    wanted = plan.read(config.layout, name, dependency or "")
    host = config.layout.host
    if not host.is_dir():
        raise UsageError(f"{host} is missing", hint="run make standalone")
    # Imported here: they need the packages that sys.path now contains.
    sys.path.append(str(host))
    from standalone.core import stamp
    from standalone.documents import licences
    stage = stages.STAGES[name]
    output = stage.output(config.layout, dependency or "")
    if stamp.is_fresh(output, wanted):
        os.utime(output / stamp.KEY)
        return
    title = stages.title(name, dependency)
    with record.stage(title) as run:
        if dependency:
            # Fail now, not when the licences are copied into the tree.
            licences.check(dependency, config.pins[dependency].licence)
        stage.run(config, wanted, dependency or "")
    print(f"  {title:<16} {run.seconds:7.1f} s", flush=True)


def report(exc: StandaloneError) -> None:
    """Print the error, its hint and the end of the log."""
    lines = [f"standalone: error: {exc.message}"]
    if exc.hint:
        lines += [f"  {line}" for line in exc.hint.splitlines()]
    if exc.log and exc.log.exists():
        lines.append(f"  log: {exc.log}")
        lines += [f"  | {line[:240]}" for line in exc.log.read_text(
            errors="replace").splitlines()[-LOG_LINES:]]
    print("\n".join(lines), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
