# SPDX-License-Identifier: Apache-2.0
# Kernel sources the module carries inside itself, named relative to runtime/kernels.
x86_kernels = \
  thk_types.h

plugin_LTLIBRARIES += %D%/x86.la
PRELOAD_MODULES += %D%/x86.la
%C%_x86_la_SOURCES = \
  %D%/x86.c \
  %D%/families.h
nodist_%C%_x86_la_SOURCES = %D%/sources.c
%C%_x86_la_LDFLAGS = $(module_ldflags)
%C%_x86_la_LIBADD = backends/rows/librows.la libthimble.la
CLEANFILES += %D%/sources.c
%D%/sources.c: backends/embed.awk $(x86_kernels:%=runtime/kernels/%)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(EMBED) -v table=th_x86_sources $(x86_kernels) >$@.tmp && mv $@.tmp $@
