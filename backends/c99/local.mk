# SPDX-License-Identifier: Apache-2.0
# Kernel sources the module carries inside itself, named relative to runtime/kernels.
c99_kernels = \
  thk_elementwise.h \
  thk_fixed.h \
  thk_fixed16.h \
  thk_hybrid.h \
  thk_log.h \
  thk_lstm.h \
  thk_lstm_real.h \
  thk_matmul.h \
  thk_mix.h \
  thk_nn.h \
  thk_quantize.h \
  thk_quotient.h \
  thk_requant.h \
  thk_root.h \
  thk_sequence.h \
  thk_sigmoid.h \
  thk_reduce.h \
  thk_stream.h \
  thk_types.h \
  c99/thk_avg_pool2d_acc_s16__c99.c \
  c99/thk_avg_pool2d_acc_s8__c99.c \
  c99/thk_avg_pool2d_acc_u8__c99.c \
  c99/thk_max_pool2d_acc_f32__c99.c \
  c99/thk_max_pool2d_acc_s16__c99.c \
  c99/thk_max_pool2d_acc_s8__c99.c \
  c99/thk_max_pool2d_acc_u8__c99.c \
  c99/thk_mean_acc_f32__c99.c \
  c99/thk_mean_acc_s16__c99.c \
  c99/thk_mean_acc_s16_single__c99.c \
  c99/thk_mean_acc_s8__c99.c \
  c99/thk_mean_acc_s8_single__c99.c \
  c99/thk_mean_acc_u8__c99.c \
  c99/thk_mean_acc_u8_single__c99.c \
  c99/thk_reduce_acc.inc.h \
  thk_volume.h \
  c99/thk_avg_pool2d.inc.h \
  c99/thk_avg_pool2d_f32__c99.c \
  c99/thk_avg_pool2d_s16__c99.c \
  c99/thk_avg_pool2d_s8__c99.c \
  c99/thk_avg_pool2d_u8__c99.c \
  c99/thk_conv2d.inc.h \
  c99/thk_conv2d_f32__c99.c \
  c99/thk_conv2d_f32s8__c99.c \
  c99/thk_conv2d_s16s8__c99.c \
  c99/thk_conv2d_s16s8s32__c99.c \
  c99/thk_conv2d_s16s8s32_single__c99.c \
  c99/thk_conv2d_s8__c99.c \
  c99/thk_conv2d_s8_single__c99.c \
  c99/thk_conv2d_s8_tile.inc.h \
  c99/thk_conv2d_s8_tile__c99.c \
  c99/thk_conv2d_s8_single_tile__c99.c \
  c99/thk_conv2d_u8__c99.c \
  c99/thk_conv2d_u8_single__c99.c \
  c99/thk_conv3d.inc.h \
  c99/thk_conv3d_f32__c99.c \
  c99/thk_conv3d_s32__c99.c \
  c99/thk_depthwise_conv2d.inc.h \
  c99/thk_depthwise_conv2d_f32__c99.c \
  c99/thk_depthwise_conv2d_f32s8__c99.c \
  c99/thk_depthwise_conv2d_s16s8__c99.c \
  c99/thk_depthwise_conv2d_s16s8s32__c99.c \
  c99/thk_depthwise_conv2d_s16s8s32_single__c99.c \
  c99/thk_depthwise_conv2d_s8__c99.c \
  c99/thk_depthwise_conv2d_s8_planes__c99.c \
  c99/thk_depthwise_conv2d_s8_single__c99.c \
  c99/thk_depthwise_conv2d_s8_tile.inc.h \
  c99/thk_depthwise_conv2d_s8_tile__c99.c \
  c99/thk_depthwise_conv2d_s8_single_tile__c99.c \
  c99/thk_depthwise_conv2d_u8__c99.c \
  c99/thk_depthwise_conv2d_u8_single__c99.c \
  c99/thk_determinant_f32__c99.c \
  c99/thk_fully_connected.inc.h \
  c99/thk_fully_connected_f32__c99.c \
  c99/thk_fully_connected_f32s8__c99.c \
  c99/thk_fully_connected_s16s8__c99.c \
  c99/thk_fully_connected_s16s8s32__c99.c \
  c99/thk_fully_connected_s16s8s32_single__c99.c \
  c99/thk_fully_connected_s8__c99.c \
  c99/thk_fully_connected_s8_single__c99.c \
  c99/thk_fully_connected_s8_tile.inc.h \
  c99/thk_fully_connected_s8_tile__c99.c \
  c99/thk_fully_connected_s8_single_tile__c99.c \
  c99/thk_fully_connected_u8__c99.c \
  c99/thk_fully_connected_u8_single__c99.c \
  c99/thk_grid_sample_f32__c99.c \
  c99/thk_gru_sequence_f32__c99.c \
  c99/thk_l2_norm_8bit.inc.h \
  c99/thk_l2_norm_f32__c99.c \
  c99/thk_l2_norm_s8__c99.c \
  c99/thk_l2_norm_s8_single__c99.c \
  c99/thk_l2_norm_u8__c99.c \
  c99/thk_l2_norm_u8_single__c99.c \
  c99/thk_l2_pool2d_f32__c99.c \
  c99/thk_layer_norm_f32__c99.c \
  c99/thk_log_softmax.inc.h \
  c99/thk_log_softmax_f32__c99.c \
  c99/thk_log_softmax_s8__c99.c \
  c99/thk_log_softmax_s8_single__c99.c \
  c99/thk_log_softmax_u8__c99.c \
  c99/thk_log_softmax_u8_single__c99.c \
  c99/thk_logistic_s16__c99.c \
  c99/thk_lstm_f32__c99.c \
  c99/thk_lstm_f32s8__c99.c \
  c99/thk_lstm_full_s8.inc.h \
  c99/thk_lstm_full_s8__c99.c \
  c99/thk_lstm_full_s8_single__c99.c \
  c99/thk_lstm_int.inc.h \
  c99/thk_lstm_s16__c99.c \
  c99/thk_lstm_s16_single__c99.c \
  c99/thk_lstm_s8__c99.c \
  c99/thk_lstm_s8_single__c99.c \
  c99/thk_lstm_sequence_f32__c99.c \
  c99/thk_max_pool2d.inc.h \
  c99/thk_max_pool2d_f32__c99.c \
  c99/thk_max_pool2d_s16__c99.c \
  c99/thk_max_pool2d_s8__c99.c \
  c99/thk_max_pool2d_u8__c99.c \
  c99/thk_non_max_suppression_f32__c99.c \
  c99/thk_pool2d_f32.inc.h \
  c99/thk_resize_bilinear.inc.h \
  c99/thk_resize_bilinear_f32__c99.c \
  c99/thk_resize_bilinear_s16__c99.c \
  c99/thk_resize_bilinear_s16_single__c99.c \
  c99/thk_resize_bilinear_s8__c99.c \
  c99/thk_resize_bilinear_s8_single__c99.c \
  c99/thk_resize_bilinear_u8__c99.c \
  c99/thk_resize_nearest_bytes__c99.c \
  c99/thk_rnn_sequence_f32__c99.c \
  c99/thk_roi_align_f32__c99.c \
  c99/thk_rsqrt_s16__c99.c \
  c99/thk_softmax.inc.h \
  c99/thk_softmax_f32__c99.c \
  c99/thk_softmax_s16__c99.c \
  c99/thk_softmax_s8__c99.c \
  c99/thk_softmax_s8_single__c99.c \
  c99/thk_softmax_s8s16__c99.c \
  c99/thk_softmax_s8s16_single__c99.c \
  c99/thk_softmax_u8__c99.c \
  c99/thk_softmax_u8_single__c99.c \
  c99/thk_table_u8__c99.c \
  c99/thk_tanh_s16__c99.c \
  c99/thk_tile.h \
  c99/thk_tile_field.h \
  c99/thk_transpose_conv2d.inc.h \
  c99/thk_transpose_conv2d_f32__c99.c \
  c99/thk_transpose_conv2d_f32s8__c99.c \
  c99/thk_transpose_conv2d_s16s8__c99.c \
  c99/thk_transpose_conv2d_s16s8s32__c99.c \
  c99/thk_transpose_conv2d_s16s8s32_single__c99.c \
  c99/thk_transpose_conv2d_s8__c99.c \
  c99/thk_transpose_conv2d_s8_single__c99.c \
  c99/thk_transpose_conv2d_u8__c99.c \
  c99/thk_transpose_conv2d_u8_single__c99.c

# The rows, also linked into the kernel tests.
noinst_LTLIBRARIES += %D%/librows_c99.la
nodist_%C%_librows_c99_la_SOURCES = %D%/sources.c
%C%_librows_c99_la_SOURCES = \
  %D%/c99.c \
  %D%/families.h \
  %D%/generate.c \
  %D%/generate.h \
  %D%/rows_add.c \
  %D%/rows_accumulate.c \
  %D%/rows_conv.c \
  %D%/rows_dense.c \
  %D%/rows_elementwise.c \
  %D%/rows_hybrid.c \
  %D%/rows_index.c \
  %D%/rows_move.c \
  %D%/rows_resize.c \
  %D%/rows_reduce.c \
  %D%/rows_quantize.c \
  %D%/rows_lstm.c \
  %D%/rows_matmul.c \
  %D%/rows_pool.c \
  %D%/rows_scatter.c \
  %D%/rows_sequence.c \
  %D%/rows_softmax.c \
  %D%/rows_svdf.c \
  %D%/rows_table.c \
  %D%/rows_tile.c \
  %D%/rows_vision.c \
  %D%/rows_volume.c
%C%_librows_c99_la_LIBADD = backends/rows/librows.la

plugin_LTLIBRARIES += %D%/c99.la
PRELOAD_MODULES += %D%/c99.la
%C%_c99_la_SOURCES =
%C%_c99_la_LDFLAGS = $(module_ldflags)
%C%_c99_la_LIBADD = %D%/librows_c99.la libthimble.la
CLEANFILES += %D%/sources.c
EXTRA_DIST += $(c99_kernels:%=runtime/kernels/%)
%D%/sources.c: backends/embed.awk $(c99_kernels:%=runtime/kernels/%)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(EMBED) -v table=th_c99_sources $(c99_kernels) >$@.tmp && mv $@.tmp $@
