# SPDX-License-Identifier: Apache-2.0
# Kernel sources the module carries inside itself, named relative to runtime/kernels.
cortexm_kernels = \
  thk_types.h

plugin_LTLIBRARIES += %D%/cortexm.la
PRELOAD_MODULES += %D%/cortexm.la
%C%_cortexm_la_SOURCES = \
  %D%/cortexm.c \
  %D%/families.h
nodist_%C%_cortexm_la_SOURCES = %D%/sources.c
%C%_cortexm_la_LDFLAGS = $(module_ldflags)
%C%_cortexm_la_LIBADD = backends/rows/librows.la libthimble.la
CLEANFILES += %D%/sources.c
%D%/sources.c: backends/embed.awk $(cortexm_kernels:%=runtime/kernels/%)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(EMBED) -v table=th_cortexm_sources $(cortexm_kernels) >$@.tmp && mv $@.tmp $@
