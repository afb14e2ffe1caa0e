# SPDX-License-Identifier: Apache-2.0
# The one list of passes: passes/passes.def is made from it. One line each, in alphabetical order;
# passes/x_y.c defines `const struct th_pass th_pass_x_y`.
PASS_SOURCES = \
  %D%/canonicalize.c \
  %D%/check_plan.c \
  %D%/dce.c \
  %D%/feed.c \
  %D%/fold.c \
  %D%/frames.c \
  %D%/fuse.c \
  %D%/in_place.c \
  %D%/input_shape.c \
  %D%/layout.c \
  %D%/memory_plan.c \
  %D%/pack.c \
  %D%/patch_split.c \
  %D%/qdq.c \
  %D%/quantize.c \
  %D%/schedule.c \
  %D%/select_kernels.c

libthimble_la_SOURCES += $(PASS_SOURCES) \
  %D%/caller_io.c \
  %D%/caller_io.h \
  %D%/check_memory.c \
  %D%/check_overlap.c \
  %D%/check_plan.h \
  %D%/check_tiles.c \
  %D%/check_tiles.h \
  %D%/check_tiles_bytes.c \
  %D%/frames/frames.h \
  %D%/frames/rewrite.c \
  %D%/frames/survey.c \
  %D%/fuse/affine.c \
  %D%/fuse/dilate.c \
  %D%/fuse/fuse.h \
  %D%/fuse/table.c \
  %D%/layout/edges.c \
  %D%/layout/reshape.c \
  %D%/layout/layout.h \
  %D%/in_place.h \
  %D%/manager.c \
  %D%/options.c \
  %D%/pass_ctx.h \
  %D%/patch_split/choose.c \
  %D%/patch_split/choose.h \
  %D%/patch_split/every.c \
  %D%/patch_split/every.h \
  %D%/patch_split/form.c \
  %D%/patch_split/net.c \
  %D%/patch_split/net.h \
  %D%/patch_split/parse.c \
  %D%/patch_split/patch_split.h \
  %D%/patch_split/slices.c \
  %D%/patch_split/slices.h \
  %D%/patch_split/twice.c \
  %D%/patch_split/twice.h \
  %D%/pipeline.c \
  %D%/quantize/convert.c \
  %D%/quantize/equalize.c \
  %D%/quantize/histogram.c \
  %D%/quantize/histogram.h \
  %D%/quantize/layers.c \
  %D%/quantize/measure.c \
  %D%/quantize/observe.c \
  %D%/quantize/quantize.h \
  %D%/quantize/rounding.c \
  %D%/quantize/search.c \
  %D%/quantize/weights.c \
  %D%/qdq/integer.c \
  %D%/qdq/qdq.h \
  %D%/regions.c \
  %D%/regions.h \
  %D%/registry.c \
  %D%/spread.c \
  %D%/spread.h \
  %D%/storage.c \
  %D%/storage.h \
  %D%/storage_merge.c \
  %D%/storage_overlap.c \
  %D%/tile_life.c \
  %D%/tile_life.h \
  %D%/tile_query.c \
  %D%/tile_query.h \
  %D%/util.c \
  %D%/util.h
EXTRA_DIST += %D%/pipelines.def
BUILT_SOURCES += %D%/passes.def
CLEANFILES += %D%/passes.def
%D%/passes.def: $(top_srcdir)/%D%/local.mk
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(SED) -n '/^PASS_SOURCES/,/^$$/s,^ *%[D]%/\([a-z0-9_]*\)\.c.*,TH_PASS(\1),p' $(top_srcdir)/%D%/local.mk > $@.tmp && mv $@.tmp $@
# so that building one library works as well as building all
%D%/registry.lo: %D%/passes.def
