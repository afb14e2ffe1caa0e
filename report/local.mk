# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/collect.c \
  %D%/html.c \
  %D%/json.c \
  %D%/report.h \
  %D%/text.c
