# The build graph of `make standalone`.
#
# make reads this file in the work directory, where all names are short,
# relative and plain.  It contains no commands of a build: each stage is
# `python3 -m standalone stage NAME`, which returns at once if its output is
# up to date.  The plan is a directory of keys.  A key includes the keys of
# all stages that the stage needs, so the only prerequisite of an output is
# its own key; the names after the bar only have to exist first.  The table
# of stages in pipeline/stages.py has the same edges; a test compares the two.

include plan/names.mk

STANDALONE_PYTHON ?= python3

# A + shares our job slots with the stage: see Makefile.standalone.
FLAGS := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
SHARE := $(if $(strip $(foreach flag,n q t,$(findstring $(flag),$(FLAGS)))),,+)

STAGE = @"$(STANDALONE_PYTHON)" -m standalone stage
PLAN = plan/$(OWN)

.PHONY: graph tree
.DEFAULT_GOAL := graph
graph: $(OWN)/archive/.key
tree: $(OWN)/tree/.key

$(SHARED)/toolchain/.key: plan/$(SHARED)/toolchain.key
	$(STAGE) toolchain

$(DEPS:%=$(SHARED)/deps/%/.key): $(SHARED)/deps/%/.key: \
		plan/$(SHARED)/deps-%.key | $(SHARED)/toolchain/.key
	$(SHARE)$(STAGE) deps $*

$(OWN)/source/.key: $(PLAN)/source.key
	$(STAGE) source

$(OWN)/setup/.key: $(PLAN)/setup.key | $(OWN)/source/.key
	$(STAGE) setup

$(OWN)/install/.key: $(PLAN)/cpython.key | $(SHARED)/toolchain/.key \
		$(DEPS:%=$(SHARED)/deps/%/.key) $(OWN)/source/.key $(OWN)/setup/.key
	$(SHARE)$(STAGE) cpython

$(OWN)/tree/.key: $(PLAN)/relocate.key | $(OWN)/install/.key
	$(STAGE) relocate

$(OWN)/validate/.key: $(PLAN)/validate.key | $(OWN)/tree/.key
	$(STAGE) validate

$(OWN)/archive/.key: $(PLAN)/archive.key | $(OWN)/tree/.key \
		$(OWN)/validate/.key
	$(STAGE) archive
