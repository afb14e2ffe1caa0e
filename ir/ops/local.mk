# SPDX-License-Identifier: Apache-2.0
# The one list of operators: ir/ops/ops.def is made from the names between the markers, so adding an
# operator is adding its file here. One line each, in alphabetical order.
OP_SOURCES = \
  %D%/copy.c

libthimble_la_SOURCES += $(OP_SOURCES) %D%/builtin.c
BUILT_SOURCES += %D%/ops.def
CLEANFILES += %D%/ops.def
%D%/ops.def: $(top_srcdir)/%D%/local.mk
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(SED) -n '/^OP_SOURCES/,/^$$/s,^ *%[D]%/\([a-z0-9_]*\)\.c.*,TH_OP(\1),p' $(top_srcdir)/%D%/local.mk > $@.tmp && mv $@.tmp $@
