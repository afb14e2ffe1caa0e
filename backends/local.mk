# SPDX-License-Identifier: Apache-2.0
# Shared emission is part of the library; each backend is a module of its own.
libthimble_la_SOURCES += \
  %D%/emit/build_files.c \
  %D%/emit/data.c \
  %D%/emit/emit.c \
  %D%/emit/emit.h \
  %D%/emit/header.c \
  %D%/emit/kernels.c \
  %D%/emit/names.c \
  %D%/emit/source.c \
  %D%/emit/steps.c
