# SPDX-License-Identifier: Apache-2.0
# kgen and kop write the test programs; the scripts build and run them, on the host and in QEMU.
noinst_PROGRAMS += tests/kernels/kgen tests/kernels/kop
kernel_test_libs = \
  backends/c99/librows_c99.la \
  backends/cortexm/librows_cortexm.la \
  backends/riscv/librows_riscv.la \
  backends/x86/librows_x86.la \
  libthimble.la
tests_kernels_kgen_SOURCES = \
  %D%/families.c \
  %D%/kcase.c \
  %D%/kgen.c \
  %D%/kgen.h
tests_kernels_kgen_LDADD = $(kernel_test_libs)
tests_kernels_kgen_LDFLAGS = -static
tests_kernels_kop_SOURCES = \
  %D%/families.c \
  %D%/kmake.c \
  %D%/kop.c \
  %D%/kop.h
tests_kernels_kop_LDADD = $(kernel_test_libs)
tests_kernels_kop_LDFLAGS = -static
dist_check_SCRIPTS += tests/kernels/kernels.sh tests/kernels/records.sh
EXTRA_DIST += tests/kernels/krun.h
