# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/advice.c \
  %D%/advice.h \
  %D%/collect.c \
  %D%/footprint.c \
  %D%/footprint.h \
  %D%/html.c \
  %D%/html.h \
  %D%/html_draw.c \
  %D%/html_page.c \
  %D%/json.c \
  %D%/report.h \
  %D%/text.c
