"""PyInstaller hook: include the time zones of zoneinfo."""

from _standalone_runtime import freezing

datas = freezing.datas("_standalone_runtime.zones")
