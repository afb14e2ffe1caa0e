# SPDX-License-Identifier: Apache-2.0
# Shared emission is part of the library; each backend is a module of its own.
EXTRA_DIST += %D%/measure.py
include %D%/rows/local.mk
include %D%/c99/local.mk
include %D%/cortexm/local.mk
include %D%/riscv/local.mk
include %D%/x86/local.mk
include %D%/template/local.mk
