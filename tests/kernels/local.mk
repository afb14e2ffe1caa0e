# SPDX-License-Identifier: Apache-2.0
# kgen writes the test programs; kernels.sh builds and runs them on the host and under QEMU.
noinst_PROGRAMS += tests/kernels/kgen
tests_kernels_kgen_SOURCES = \
  %D%/families.c \
  %D%/kcase.c \
  %D%/kgen.c \
  %D%/kgen.h
tests_kernels_kgen_LDADD = \
  backends/c99/librows_c99.la \
  backends/cortexm/librows_cortexm.la \
  libthimble.la
tests_kernels_kgen_LDFLAGS = -static
dist_check_SCRIPTS += tests/kernels/kernels.sh
EXTRA_DIST += tests/kernels/krun.h
