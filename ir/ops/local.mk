# SPDX-License-Identifier: Apache-2.0
# The one list of operators: ir/ops/ops.def is made from the names between the markers, so adding an
# operator is adding its file here. One line each, in alphabetical order.
OP_SOURCES = \
  %D%/abs.c \
  %D%/add.c \
  %D%/arg_max.c \
  %D%/arg_min.c \
  %D%/atan2.c \
  %D%/avg_pool2d.c \
  %D%/batch_matmul.c \
  %D%/batch_to_space.c \
  %D%/bitwise_xor.c \
  %D%/broadcast_to.c \
  %D%/cast.c \
  %D%/ceil.c \
  %D%/clamp.c \
  %D%/concat.c \
  %D%/conv2d.c \
  %D%/copy.c \
  %D%/cos.c \
  %D%/cumsum.c \
  %D%/depth_to_space.c \
  %D%/depthwise_conv2d.c \
  %D%/dequantize.c \
  %D%/div.c \
  %D%/dynamic_update_slice.c \
  %D%/elu.c \
  %D%/equal.c \
  %D%/exp.c \
  %D%/floor.c \
  %D%/floor_div.c \
  %D%/floor_mod.c \
  %D%/fully_connected.c \
  %D%/gather.c \
  %D%/gather_nd.c \
  %D%/gelu.c \
  %D%/greater.c \
  %D%/greater_equal.c \
  %D%/hard_swish.c \
  %D%/if.c \
  %D%/l2_norm.c \
  %D%/l2_pool2d.c \
  %D%/leaky_relu.c \
  %D%/less.c \
  %D%/less_equal.c \
  %D%/log.c \
  %D%/log_softmax.c \
  %D%/logical_and.c \
  %D%/logical_not.c \
  %D%/logical_or.c \
  %D%/logical_xor.c \
  %D%/logistic.c \
  %D%/loop.c \
  %D%/lstm.c \
  %D%/max_pool2d.c \
  %D%/maximum.c \
  %D%/mean.c \
  %D%/minimum.c \
  %D%/mirror_pad.c \
  %D%/mul.c \
  %D%/neg.c \
  %D%/not_equal.c \
  %D%/one_hot.c \
  %D%/pad.c \
  %D%/pow.c \
  %D%/prelu.c \
  %D%/quantize.c \
  %D%/reduce_all.c \
  %D%/reduce_any.c \
  %D%/reduce_max.c \
  %D%/reduce_min.c \
  %D%/reduce_prod.c \
  %D%/requantize.c \
  %D%/reshape.c \
  %D%/resize_bilinear.c \
  %D%/resize_nearest.c \
  %D%/reverse.c \
  %D%/right_shift.c \
  %D%/round.c \
  %D%/rsqrt.c \
  %D%/scatter_nd.c \
  %D%/select.c \
  %D%/sign.c \
  %D%/sin.c \
  %D%/slice.c \
  %D%/softmax.c \
  %D%/space_to_batch.c \
  %D%/space_to_depth.c \
  %D%/sqrt.c \
  %D%/square.c \
  %D%/squared_difference.c \
  %D%/state_read.c \
  %D%/state_write.c \
  %D%/sub.c \
  %D%/sum.c \
  %D%/svdf.c \
  %D%/table.c \
  %D%/tanh.c \
  %D%/tile.c \
  %D%/tile_loop.c \
  %D%/top_k.c \
  %D%/transpose.c \
  %D%/transpose_conv2d.c

# What several records share.
OP_COMMON = \
  %D%/common/arg.c \
  %D%/common/arg.h \
  %D%/common/check.c \
  %D%/common/conv.c \
  %D%/common/conv.h \
  %D%/common/elementwise.c \
  %D%/common/elementwise.h \
  %D%/common/elementwise_quant.c \
  %D%/common/fixed16.c \
  %D%/common/fixed16.h \
  %D%/common/invroot.c \
  %D%/common/invroot.h \
  %D%/common/lstm.h \
  %D%/common/lstm_float.c \
  %D%/common/lstm_full.c \
  %D%/common/lstm_int.c \
  %D%/common/lut16.c \
  %D%/common/lut16.h \
  %D%/common/movement.c \
  %D%/common/movement.h \
  %D%/common/nn.c \
  %D%/common/nn.h \
  %D%/common/pool.c \
  %D%/common/pool.h \
  %D%/common/reduce.c \
  %D%/common/reduce.h \
  %D%/common/resize.c \
  %D%/common/resize.h \
  %D%/common/rows.c \
  %D%/common/rows.h \
  %D%/common/space_batch.c \
  %D%/common/space_batch.h

libthimble_la_SOURCES += $(OP_SOURCES) $(OP_COMMON) %D%/builtin.c
BUILT_SOURCES += %D%/ops.def
CLEANFILES += %D%/ops.def
%D%/builtin.lo: %D%/ops.def
%D%/ops.def: $(top_srcdir)/%D%/local.mk
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(SED) -n '/^OP_SOURCES/,/^$$/s,^ *%[D]%/\([a-z0-9_]*\)\.c.*,TH_OP(\1),p' $(top_srcdir)/%D%/local.mk > $@.tmp && mv $@.tmp $@
