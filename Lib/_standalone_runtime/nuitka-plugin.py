"""Nuitka plugin: include the data that our modules read (freezing.py)."""

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]

from _standalone_runtime import freezing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class StandaloneRuntimePlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Include the data of each module that is included."""

    plugin_name = "standalone-runtime"
    plugin_desc = "Certificates, time zones and terminals of this Python."

    def considerDataFiles(self, module: "Any") -> "Iterator[Any]":
        """Yield the data of one module, which Nuitka has processed."""
        name = str(module.getFullName())
        if name in freezing.DATA:
            for source, target in freezing.datas(name):
                yield self.makeIncludedDataDirectory(
                    source_path=source, dest_path=target,
                    reason=f"'{name}' reads it", tags="standalone-runtime")
