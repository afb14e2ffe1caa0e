# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/kernels.c \
  %D%/kernels.h \
  %D%/loader.c \
  %D%/read_model.c \
  %D%/registry.c \
  %D%/sizes.c \
  %D%/target.c \
  %D%/unknown_format.c %D%/unknown_format.h \
  %D%/target_read.c %D%/target_read.h
