# SPDX-License-Identifier: Apache-2.0
# Start-up, linker scripts and main of firmware that verifies emitted models.
benchdatadir = $(pkgdatadir)/bench
dist_benchdata_DATA = \
  %D%/an500.ld \
  %D%/an505.ld \
  %D%/an547.ld \
  %D%/thb_bench.h \
  %D%/bench_main.c \
  %D%/crt0_riscv.S \
  %D%/insn.h \
  %D%/io_host.c \
  %D%/io_semihost.c \
  %D%/mps2.ld \
  %D%/sections_cm.ld \
  %D%/semihost.h \
  %D%/start_riscv.c \
  %D%/startup_cm.c \
  %D%/virt.ld
