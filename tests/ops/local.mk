# SPDX-License-Identifier: Apache-2.0
# opskernels writes a program that calls kernels; kernels.test builds and runs it.
noinst_PROGRAMS += tests/ops/opskernels tests/ops/opswindows
dist_check_SCRIPTS += tests/ops/kernels.test tests/ops/windows.test
EXTRA_DIST += tests/ops/elementwise.cases tests/ops/nn.cases tests/ops/run.h
tests_ops_opskernels_SOURCES = %D%/case.c %D%/case.h %D%/kernels.c
tests_ops_opskernels_LDADD = backends/c99/librows_c99.la libthimble.la
tests_ops_opskernels_LDFLAGS = -static
tests_ops_opswindows_SOURCES = %D%/case.c %D%/case.h %D%/windows.c
tests_ops_opswindows_LDADD = libthimble.la
