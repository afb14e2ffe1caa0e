# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/bound.c \
  %D%/conflicts.c \
  %D%/decide.c \
  %D%/distance.c \
  %D%/fuse.h \
  %D%/fuse_bound.c \
  %D%/fuse_drive.c \
  %D%/fuse_edges.c \
  %D%/fuse_front.c \
  %D%/fuse_internal.h \
  %D%/fuse_lines.c \
  %D%/fuse_maps.c \
  %D%/fuse_measure.c \
  %D%/fuse_strips.c \
  %D%/fuse_stream.c \
  %D%/internal.h \
  %D%/order.c \
  %D%/place.c \
  %D%/plan.h \
  %D%/prove.c \
  %D%/search.c
