# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/build_files.c \
  %D%/call.c \
  %D%/data.c \
  %D%/emit.c \
  %D%/emit.h \
  %D%/feed.c \
  %D%/header.c \
  %D%/kernels.c \
  %D%/names.c \
  %D%/source.c \
  %D%/steps.c \
  %D%/testbench.c \
  %D%/tile_axis.c \
  %D%/tile_run.c \
  %D%/tile_strips.c \
  %D%/tiles.c \
  %D%/tiles.h
