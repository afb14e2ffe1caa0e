# SPDX-License-Identifier: Apache-2.0
plugin_LTLIBRARIES += %D%/tflite.la
PRELOAD_MODULES += %D%/tflite.la
# All of the module, for the module and for programs that link it (fuzzing).
noinst_LTLIBRARIES += %D%/libtflite.la
%C%_libtflite_la_SOURCES = \
  %D%/check.c \
  %D%/control.c \
  %D%/detection.c \
  %D%/fill.c \
  %D%/flex.c \
  %D%/import.h \
  %D%/index.c \
  %D%/math.c \
  %D%/model.c \
  %D%/nn.c \
  %D%/options.def \
  %D%/quant.c \
  %D%/reader.cc \
  %D%/reader.h \
  %D%/recurrent.c \
  %D%/shape.c \
  %D%/subgraph.c \
  %D%/value.c
nodist_%C%_libtflite_la_SOURCES = %D%/schema_generated.h
%C%_libtflite_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/%D%
%C%_tflite_la_SOURCES =
%C%_tflite_la_LDFLAGS = $(module_ldflags)
%C%_tflite_la_LIBADD = %D%/libtflite.la libthimble.la
EXTRA_DIST += %D%/schema.fbs
BUILT_SOURCES += %D%/schema_generated.h
CLEANFILES += %D%/schema_generated.h
%D%/schema_generated.h: %D%/schema.fbs
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(FLATC) --cpp --reflect-names -o %D% $(top_srcdir)/%D%/schema.fbs
$(%C%_libtflite_la_OBJECTS): %D%/schema_generated.h
