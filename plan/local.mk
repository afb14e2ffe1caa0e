# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/bound.c \
  %D%/conflicts.c \
  %D%/distance.c \
  %D%/fuse.h \
  %D%/internal.h \
  %D%/order.c \
  %D%/place.c \
  %D%/plan.h \
  %D%/prove.c \
  %D%/search.c
