# SPDX-License-Identifier: Apache-2.0
# Unit tests: one CUnit program per module.
TEST_EXTENSIONS = .sh .test
SH_LOG_COMPILER = $(SHELL)
TEST_LOG_COMPILER = $(SHELL)
# What is installed later is found in the source tree.
AM_TESTS_ENVIRONMENT = \
  THIMBLE_TARGET_PATH='$(abs_top_srcdir)/targets'; export THIMBLE_TARGET_PATH; \
  THIMBLE_PLUGIN_PATH=`for m in $(plugin_LTLIBRARIES); do \
    printf '%s:' "$(abs_top_builddir)/$${m%/*}/.libs"; done`; export THIMBLE_PLUGIN_PATH; \
  THIMBLE_BENCH_PATH='$(abs_top_srcdir)/runtime/bench'; export THIMBLE_BENCH_PATH; \
  srcdir='$(srcdir)'; export srcdir;
unit_libs = libthimble.la $(CUNIT_LIBS)
include tests/bench/local.mk
include tests/cli/local.mk
include tests/conformance/local.mk
include tests/models/local.mk
include tests/unit/ops.mk
include tests/unit/plan.mk
include tests/import/local.mk
include tests/onnx/local.mk
include tests/unit/core.mk
include tests/kernels/local.mk
include tests/fuzz/local.mk
include tests/golden/local.mk
include tests/formats/local.mk
dist_check_SCRIPTS += tests/layers.test
EXTRA_DIST += tests/emitted.h
include tests/ops/local.mk
include tests/frames/local.mk
include tests/tiles/local.mk
include tests/plugins/local.mk
include tests/quantize/local.mk
