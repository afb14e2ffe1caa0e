# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/kernels.c \
  %D%/kernels.h \
  %D%/loader.c \
  %D%/read_model.c \
  %D%/registry.c \
  %D%/target.c \
  %D%/target_read.c %D%/target_read.h
