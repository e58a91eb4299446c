"""PyInstaller hook: include the certificates that ssl trusts."""

from _standalone_runtime import freezing

datas = freezing.datas("_standalone_runtime.certificates")
