# SPDX-License-Identifier: Apache-2.0
# Kernel sources the module carries inside itself, named relative to runtime/kernels.
x86_kernels = \
  thk_nn.h \
  thk_tile_f32.h \
  thk_types.h \
  avx2/thk_add_s8.inc.h \
  avx2/thk_add_s8__avx2.c \
  avx2/thk_add_s8_onnx__avx2.c \
  avx2/thk_avg_pool2d_s8.inc.h \
  avx2/thk_avg_pool2d_s8__avx2.c \
  avx2/thk_avg_pool2d_s8_onnx__avx2.c \
  avx2/thk_avx2.h \
  avx2/thk_conv2d_f32__avx2.c \
  avx2/thk_conv2d_s8.inc.h \
  avx2/thk_conv2d_s8__avx2.c \
  avx2/thk_conv2d_s8_onnx__avx2.c \
  avx2/thk_conv2d_strips.h \
  avx2/thk_depthwise_conv2d_f32__avx2.c \
  avx2/thk_depthwise_conv2d_s8.inc.h \
  avx2/thk_depthwise_conv2d_s8__avx2.c \
  avx2/thk_depthwise_conv2d_s8_onnx__avx2.c \
  avx2/thk_depthwise_taps.h \
  avx2/thk_fully_connected_s8.inc.h \
  avx2/thk_fully_connected_s8__avx2.c \
  avx2/thk_fully_connected_s8_onnx__avx2.c \
  avx512vnni/thk_avx512vnni.h \
  avx512vnni/thk_conv2d_s8_vnni.inc.h \
  avx512vnni/thk_conv2d_s8__avx512vnni.c \
  avx512vnni/thk_conv2d_s8_onnx__avx512vnni.c

# The rows, also linked into the kernel tests.
noinst_LTLIBRARIES += %D%/librows_x86.la
%C%_librows_x86_la_SOURCES = \
  %D%/rows_avx2.c \
  %D%/rows_avx2_f32.c \
  %D%/rows_avx512vnni.c
%C%_librows_x86_la_LIBADD = backends/rows/librows.la

plugin_LTLIBRARIES += %D%/x86.la
PRELOAD_MODULES += %D%/x86.la
%C%_x86_la_SOURCES = \
  %D%/x86.c \
  %D%/sizes.c \
  %D%/families.h
nodist_%C%_x86_la_SOURCES = %D%/sources.c
%C%_x86_la_LDFLAGS = $(module_ldflags)
%C%_x86_la_LIBADD = %D%/librows_x86.la libthimble.la
CLEANFILES += %D%/sources.c
EXTRA_DIST += $(x86_kernels:%=runtime/kernels/%)
%D%/sources.c: backends/embed.awk $(x86_kernels:%=runtime/kernels/%)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(EMBED) -v table=th_x86_sources $(x86_kernels) >$@.tmp && mv $@.tmp $@
