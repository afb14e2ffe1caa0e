# SPDX-License-Identifier: Apache-2.0
# Kernel sources the module carries inside itself, named relative to runtime/kernels.
riscv_kernels = \
  thk_nn.h \
  thk_types.h \
  rvv/thk_add_s8__rvv.c \
  rvv/thk_add_s8_onnx__rvv.c \
  rvv/thk_avg_pool2d_s8.inc.h \
  rvv/thk_avg_pool2d_s8__rvv.c \
  rvv/thk_avg_pool2d_s8_onnx__rvv.c \
  rvv/thk_conv2d_s8.inc.h \
  rvv/thk_conv2d_s8_m2__rvv.c \
  rvv/thk_conv2d_s8_m4__rvv.c \
  rvv/thk_conv2d_s8_m8__rvv.c \
  rvv/thk_conv2d_s8_onnx_m2__rvv.c \
  rvv/thk_conv2d_s8_onnx_m4__rvv.c \
  rvv/thk_conv2d_s8_onnx_m8__rvv.c \
  rvv/thk_depthwise_conv2d_s8.inc.h \
  rvv/thk_depthwise_conv2d_s8_3x3.inc.h \
  rvv/thk_depthwise_conv2d_s8_3x3__rvv.c \
  rvv/thk_depthwise_conv2d_s8__rvv.c \
  rvv/thk_depthwise_conv2d_s8_onnx_3x3__rvv.c \
  rvv/thk_depthwise_conv2d_s8_onnx__rvv.c \
  rvv/thk_depthwise_taps.h \
  rvv/thk_fully_connected_s8.inc.h \
  rvv/thk_fully_connected_s8__rvv.c \
  rvv/thk_fully_connected_s8_onnx__rvv.c \
  rvv/thk_rvv.h

# The rows, also linked into the kernel tests.
noinst_LTLIBRARIES += %D%/librows_riscv.la
%C%_librows_riscv_la_SOURCES = \
  %D%/rows_rvv.c \
  %D%/rows_rvv_maps.c
%C%_librows_riscv_la_LIBADD = backends/rows/librows.la

plugin_LTLIBRARIES += %D%/riscv.la
PRELOAD_MODULES += %D%/riscv.la
%C%_riscv_la_SOURCES = \
  %D%/riscv.c \
  %D%/sizes.c \
  %D%/families.h
nodist_%C%_riscv_la_SOURCES = %D%/sources.c
%C%_riscv_la_LDFLAGS = $(module_ldflags)
%C%_riscv_la_LIBADD = %D%/librows_riscv.la libthimble.la
CLEANFILES += %D%/sources.c
EXTRA_DIST += $(riscv_kernels:%=runtime/kernels/%)
%D%/sources.c: backends/embed.awk $(riscv_kernels:%=runtime/kernels/%)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(EMBED) -v table=th_riscv_sources $(riscv_kernels) >$@.tmp && mv $@.tmp $@
