# Front door of this repository; it is not laid over CPython's own Makefile.
# The build itself is Makefile.standalone.

.PHONY: standalone standalone-fetch standalone-clean standalone-sign help
.PHONY: standalone-reproduce standalone-respin standalone-test
.PHONY: check check-tools check-distribution check-chroots check-frozen
.PHONY: bench-startup
.DEFAULT_GOAL := help

standalone standalone-fetch standalone-clean standalone-sign:
	@$(MAKE) --no-print-directory -f Makefile.standalone $@

standalone-reproduce standalone-respin standalone-test:
	@$(MAKE) --no-print-directory -f Makefile.standalone $@

check check-tools check-distribution check-chroots check-frozen bench-startup:
	@$(MAKE) --no-print-directory -f Makefile.standalone standalone-$@

help:
	@$(MAKE) --no-print-directory -f Makefile.standalone standalone-help
