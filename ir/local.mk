# SPDX-License-Identifier: Apache-2.0
libthimble_la_SOURCES += \
  %D%/attr.c \
  %D%/base/arena.c \
  %D%/base/files.c \
  %D%/base/budget.h \
  %D%/base/files.h \
  %D%/base/sha256.c \
  %D%/base/str.c \
  %D%/blob.c \
  %D%/build.c \
  %D%/call.c \
  %D%/clone.c \
  %D%/clone.h \
  %D%/call.h \
  %D%/checksum.h \
  %D%/ctx.c \
  %D%/ctx.h \
  %D%/diag.c \
  %D%/eval.c \
  %D%/graph.c \
  %D%/graph.h \
  %D%/inst.c \
  %D%/match.c \
  %D%/notes.h \
  %D%/numeric.c \
  %D%/planned.c \
  %D%/planned.h \
  %D%/planned_run.h \
  %D%/planned_tile.c \
  %D%/program.c \
  %D%/rewrite.c \
  %D%/sweep.c \
  %D%/text.c \
  %D%/tile.c \
  %D%/tile.h \
  %D%/tile_replay.c \
  %D%/types.c \
  %D%/verify.c \
  %D%/walk.c \
  %D%/xml.h \
  %D%/xml_parse.c \
  %D%/xml_parse.h \
  %D%/xml_read.c \
  %D%/xml_write.c
EXTRA_DIST += %D%/base/diag.def
nobase_dist_pkgdata_DATA += %D%/program.rng
