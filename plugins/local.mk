# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/kernels.c \
  %D%/kernels.h \
  %D%/registry.c \
  %D%/target.c
