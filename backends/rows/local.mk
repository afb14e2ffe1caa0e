# SPDX-License-Identifier: Apache-2.0
# Helpers compiled into every backend module.
noinst_LTLIBRARIES += %D%/librows.la
%C%_librows_la_SOURCES = %D%/floats.c \
  %D%/floats.h \
  %D%/channels.c \
  %D%/channels.h \
  %D%/rows.c %D%/rows.h

# Turns kernel sources, named relative to runtime/kernels, into a C array.
EMBED = $(AWK) -f $(top_srcdir)/backends/embed.awk -v root=$(top_srcdir)/runtime/kernels
EXTRA_DIST += backends/embed.awk
