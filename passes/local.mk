# SPDX-License-Identifier: Apache-2.0
# The one list of passes: passes/passes.def is made from it. One line each, in alphabetical order;
# passes/x_y.c defines `const struct th_pass th_pass_x_y`.
PASS_SOURCES =

libthimble_la_SOURCES += $(PASS_SOURCES) %D%/registry.c
BUILT_SOURCES += %D%/passes.def
CLEANFILES += %D%/passes.def
%D%/passes.def: $(top_srcdir)/%D%/local.mk
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(SED) -n '/^PASS_SOURCES/,/^$$/s,^ *%[D]%/\([a-z0-9_]*\)\.c.*,TH_PASS(\1),p' $(top_srcdir)/%D%/local.mk > $@.tmp && mv $@.tmp $@
