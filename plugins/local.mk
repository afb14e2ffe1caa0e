# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/registry.c \
  %D%/target.c
