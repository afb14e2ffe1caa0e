# SPDX-License-Identifier: Apache-2.0
plugin_LTLIBRARIES += %D%/openvino.la
PRELOAD_MODULES += %D%/openvino.la
# All of the module, for the module and for programs that link it (fuzzing).
noinst_LTLIBRARIES += %D%/libopenvino.la
%C%_libopenvino_la_SOURCES = \
  %D%/activation.c \
  %D%/build.c \
  %D%/conv.c \
  %D%/detection.c \
  %D%/import.h \
  %D%/index.c \
  %D%/math.c \
  %D%/model.c \
  %D%/norm.c \
  %D%/parse.c \
  %D%/pool.c \
  %D%/prior.c \
  %D%/quant.c \
  %D%/reader.c \
  %D%/reader.h \
  %D%/recurrent.c \
  %D%/required.c \
  %D%/resize.c \
  %D%/sampling.c \
  %D%/shape.c \
  %D%/slice.c \
  %D%/state.c \
  %D%/value.c \
  %D%/window.c \
  %D%/window.h
%C%_openvino_la_SOURCES =
%C%_openvino_la_LDFLAGS = $(module_ldflags)
%C%_openvino_la_LIBADD = %D%/libopenvino.la libthimble.la $(XML_LIBS) -lm
