# SPDX-License-Identifier: Apache-2.0
# Kernel sources the module carries inside itself, named relative to runtime/kernels.
riscv_kernels = \
  thk_types.h

plugin_LTLIBRARIES += %D%/riscv.la
PRELOAD_MODULES += %D%/riscv.la
%C%_riscv_la_SOURCES = \
  %D%/riscv.c \
  %D%/families.h
nodist_%C%_riscv_la_SOURCES = %D%/sources.c
%C%_riscv_la_LDFLAGS = $(module_ldflags)
%C%_riscv_la_LIBADD = backends/rows/librows.la libthimble.la
CLEANFILES += %D%/sources.c
%D%/sources.c: backends/embed.awk $(riscv_kernels:%=runtime/kernels/%)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(EMBED) -v table=th_riscv_sources $(riscv_kernels) >$@.tmp && mv $@.tmp $@
