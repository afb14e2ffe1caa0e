# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/test_passes
tests_unit_test_passes_SOURCES = tests/unit/test_passes.c tests/unit/graph_util.h
tests_unit_test_passes_LDADD = $(unit_libs)
