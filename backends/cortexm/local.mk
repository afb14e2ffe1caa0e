# SPDX-License-Identifier: Apache-2.0
# Kernel sources the module carries inside itself, named relative to runtime/kernels.
cortexm_kernels = \
  thk_nn.h thk_requant.h thk_types.h \
  armv7em/thk_add_s8__armv7em.c \
  armv7em/thk_avg_pool.h \
  armv7em/thk_avg_pool2d_s8.inc.h \
  armv7em/thk_avg_pool2d_s8__armv7em.c \
  armv7em/thk_avg_pool2d_s8_onnx__armv7em.c \
  armv7em/thk_conv2d_pairs.h \
  armv7em/thk_conv2d_s8.inc.h \
  armv7em/thk_conv2d_s8__armv7em.c \
  armv7em/thk_conv2d_s8_onnx__armv7em.c \
  armv7em/thk_conv2d_s8_single__armv7em.c \
  armv7em/thk_conv2d_s8s4__armv7em.c \
  armv7em/thk_conv2d_s8s4_single__armv7em.c \
  armv7em/thk_conv2d_s8_w16__armv7em.c \
  armv7em/thk_conv2d_s8_onnx_w16__armv7em.c \
  armv7em/thk_conv2d_s8_single_w16__armv7em.c \
  armv7em/thk_depthwise_conv2d_s8.inc.h \
  armv7em/thk_depthwise_conv2d_s8__armv7em.c \
  armv7em/thk_depthwise_conv2d_s8_onnx__armv7em.c \
  armv7em/thk_depthwise_conv2d_s8_single__armv7em.c \
  armv7em/thk_depthwise_conv2d_s8s4__armv7em.c \
  armv7em/thk_depthwise_conv2d_s8s4_single__armv7em.c \
  armv7em/thk_depthwise_table.h \
  armv7em/thk_dsp.h \
  armv7em/thk_fully_connected_s8.inc.h \
  armv7em/thk_fully_connected_s8__armv7em.c \
  armv7em/thk_fully_connected_s8_onnx__armv7em.c \
  armv7em/thk_fully_connected_s8_single__armv7em.c \
  armv7em/thk_fully_connected_s8s4__armv7em.c \
  armv7em/thk_fully_connected_s8s4_single__armv7em.c \
  mve/thk_add_s8__mve.c \
  mve/thk_add_s8_onnx__mve.c \
  mve/thk_avg_pool2d_s8_mve.inc.h \
  mve/thk_avg_pool2d_s8__mve.c \
  mve/thk_avg_pool2d_s8_onnx__mve.c \
  mve/thk_conv2d_field.h \
  mve/thk_conv2d_s8_mve.inc.h \
  mve/thk_conv2d_s8__mve.c \
  mve/thk_conv2d_s8_onnx__mve.c \
  mve/thk_depthwise_3x3.h \
  mve/thk_depthwise_conv2d_s8_mve.inc.h \
  mve/thk_depthwise_conv2d_s8_3x3_mve.inc.h \
  mve/thk_depthwise_conv2d_s8_3x3__mve.c \
  mve/thk_depthwise_conv2d_s8__mve.c \
  mve/thk_depthwise_conv2d_s8_onnx_3x3__mve.c \
  mve/thk_depthwise_conv2d_s8_onnx__mve.c \
  mve/thk_fully_connected_s8_mve.inc.h \
  mve/thk_fully_connected_s8__mve.c \
  mve/thk_fully_connected_s8_onnx__mve.c \
  mve/thk_mve.h \
  mve/thk_mve_even.h

# The rows, also linked into the kernel tests.
noinst_LTLIBRARIES += %D%/librows_cortexm.la
%C%_librows_cortexm_la_SOURCES = \
  %D%/rows_dsp.c \
  %D%/rows_dsp_maps.c \
  %D%/rows_mve.c
%C%_librows_cortexm_la_LIBADD = backends/rows/librows.la

plugin_LTLIBRARIES += %D%/cortexm.la
PRELOAD_MODULES += %D%/cortexm.la
%C%_cortexm_la_SOURCES = \
  %D%/cortexm.c \
  %D%/sizes.c \
  %D%/families.h
nodist_%C%_cortexm_la_SOURCES = %D%/sources.c
%C%_cortexm_la_LDFLAGS = $(module_ldflags)
%C%_cortexm_la_LIBADD = %D%/librows_cortexm.la libthimble.la
CLEANFILES += %D%/sources.c
EXTRA_DIST += $(cortexm_kernels:%=runtime/kernels/%)
%D%/sources.c: backends/embed.awk $(cortexm_kernels:%=runtime/kernels/%)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(EMBED) -v table=th_cortexm_sources $(cortexm_kernels) >$@.tmp && mv $@.tmp $@
