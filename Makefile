# The targets of this repository.  The overlay does not include this file,
# because a CPython tree has its own Makefile.  Makefile.standalone builds.

.PHONY: standalone standalone-fetch standalone-clean standalone-sign help
.PHONY: standalone-reproduce standalone-respin standalone-test
.PHONY: standalone-outdated standalone-timeline standalone-train
.PHONY: check check-tools check-distribution check-chroots check-frozen
.PHONY: check-killed
.PHONY: bench bench-startup
.DEFAULT_GOAL := help

standalone standalone-fetch standalone-clean standalone-sign standalone-train:
	@$(MAKE) --no-print-directory -f Makefile.standalone $@

standalone-reproduce standalone-respin standalone-test standalone-outdated:
	@$(MAKE) --no-print-directory -f Makefile.standalone $@

standalone-timeline:
	@$(MAKE) --no-print-directory -f Makefile.standalone $@

check check-tools check-distribution check-chroots check-frozen \
check-killed bench bench-startup:
	@$(MAKE) --no-print-directory -f Makefile.standalone standalone-$@

help:
	@$(MAKE) --no-print-directory -f Makefile.standalone standalone-help
