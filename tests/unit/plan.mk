# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/test_caller_io tests/unit/test_check_plan \
  tests/unit/test_check_tiles tests/unit/test_kernel_select tests/unit/test_frames tests/unit/test_patch_split tests/unit/test_plan_order \
  tests/unit/test_plan_passes tests/unit/test_plan_place \
  tests/unit/test_plan_regions tests/unit/test_tile
EXTRA_DIST += tests/unit/frame_nets.h tests/unit/tile_nets.h
tests_unit_test_frames_LDADD = $(unit_libs)
tests_unit_test_patch_split_LDADD = $(unit_libs)
tests_unit_test_tile_LDADD = $(unit_libs)
tests_unit_test_kernel_select_LDADD = $(unit_libs)
tests_unit_test_plan_place_LDADD = $(unit_libs)
tests_unit_test_plan_order_LDADD = $(unit_libs)
plan_support = tests/unit/plan_support.c tests/unit/plan_support.h
tests_unit_test_caller_io_SOURCES = tests/unit/test_caller_io.c $(plan_support)
tests_unit_test_caller_io_LDADD = $(unit_libs)
tests_unit_test_check_tiles_SOURCES = tests/unit/test_check_tiles.c $(plan_support)
tests_unit_test_check_tiles_LDADD = $(unit_libs)
tests_unit_test_check_plan_SOURCES = tests/unit/test_check_plan.c $(plan_support)
tests_unit_test_check_plan_LDADD = $(unit_libs)
tests_unit_test_plan_passes_SOURCES = tests/unit/test_plan_passes.c $(plan_support)
tests_unit_test_plan_passes_LDADD = $(unit_libs)
tests_unit_test_plan_regions_SOURCES = tests/unit/test_plan_regions.c $(plan_support)
tests_unit_test_plan_regions_LDADD = $(unit_libs)
check_PROGRAMS += tests/unit/test_plan_fuse
fuse_nets = tests/unit/fuse_nets.c tests/unit/fuse_nets.h
tests_unit_test_plan_fuse_SOURCES = tests/unit/test_plan_fuse.c $(fuse_nets)
tests_unit_test_plan_fuse_LDADD = $(unit_libs)
check_PROGRAMS += tests/unit/test_plan_fuse_run
tests_unit_test_plan_fuse_run_SOURCES = tests/unit/test_plan_fuse_run.c tests/unit/fuse_run.c \
  tests/unit/fuse_run.h tests/unit/fuse_tile.c tests/unit/fuse_tile.h $(fuse_nets)
tests_unit_test_plan_fuse_run_LDADD = $(unit_libs)
