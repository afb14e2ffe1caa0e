# SPDX-License-Identifier: Apache-2.0
# Integer operators of Deeploy's ONNX files: importers from outside, as a module of its own.
plugin_LTLIBRARIES += %D%/deeploy.la
PRELOAD_MODULES += %D%/deeploy.la
%C%_deeploy_la_SOURCES = \
  %D%/common.c \
  %D%/deeploy.c \
  %D%/deeploy.h \
  %D%/mean.c \
  %D%/norm.c \
  %D%/pointwise.c \
  %D%/softmax.c
%C%_deeploy_la_LDFLAGS = $(module_ldflags)
%C%_deeploy_la_LIBADD = libthimble.la -lm
