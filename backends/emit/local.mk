# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/build_files.c \
  %D%/data.c \
  %D%/emit.c \
  %D%/emit.h \
  %D%/header.c \
  %D%/kernels.c \
  %D%/names.c \
  %D%/source.c \
  %D%/steps.c \
  %D%/testbench.c
