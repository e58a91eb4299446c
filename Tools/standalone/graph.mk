# The build graph of `make standalone`: what is made of what.
#
# make reads it in the work directory, where all names are short, relative
# and plain.  It knows no commands: each stage is `python3 -m standalone
# stage NAME`, which returns at once if its output is already what the plan
# asks for.  The plan is a directory of keys.  A key holds the keys of all
# that a stage needs, so an output has one prerequisite, its own key; what
# stands after the bar only has to be there first.  The table in stages.py
# has the same edges.

include plan/names.mk

STANDALONE_PYTHON ?= python3

# + shares our job slots with what a stage runs, see Makefile.standalone.
FLAGS := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
SHARE := $(if $(strip $(foreach flag,n q t,$(findstring $(flag),$(FLAGS)))),,+)

STAGE = @"$(STANDALONE_PYTHON)" -m standalone stage
PLAN = plan/$(OWN)

.PHONY: graph
.DEFAULT_GOAL := graph
graph: $(OWN)/archive/.key

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
