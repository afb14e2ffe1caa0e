# SPDX-License-Identifier: Apache-2.0
plugin_LTLIBRARIES += %D%/onnx.la
PRELOAD_MODULES += %D%/onnx.la
# All of the module, for the module and for programs that link it (fuzzing).
noinst_LTLIBRARIES += %D%/libonnx.la
%C%_libonnx_la_SOURCES = \
  %D%/attention.c \
  %D%/choose.c \
  %D%/control.c \
  %D%/conv.c \
  %D%/einsum.c \
  %D%/elementwise.c \
  %D%/function.c \
  %D%/gemm.c \
  %D%/graph.c \
  %D%/import.h \
  %D%/index.c \
  %D%/late.c \
  %D%/loss.c \
  %D%/model.c \
  %D%/names.c \
  %D%/names.h \
  %D%/node.c \
  %D%/norm.c \
  %D%/optim.c \
  %D%/pad.c \
  %D%/place.c \
  %D%/pool.c \
  %D%/position.c \
  %D%/quant.c \
  %D%/reduce.c \
  %D%/resize.c \
  %D%/rounds.c \
  %D%/rnn.c \
  %D%/sequence.c \
  %D%/sets.c \
  %D%/shape.c \
  %D%/signal.c \
  %D%/tensor.c \
  %D%/vision.c \
  %D%/window.c \
  %D%/window.h \
  %D%/wire.c \
  %D%/wire.h
nodist_%C%_libonnx_la_SOURCES = %D%/onnx.pb-c.c %D%/onnx.pb-c.h
%C%_libonnx_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/%D% $(PROTOBUF_C_CFLAGS)
%C%_libonnx_la_LIBADD = $(PROTOBUF_C_LIBS)
%C%_onnx_la_SOURCES =
%C%_onnx_la_LDFLAGS = $(module_ldflags)
%C%_onnx_la_LIBADD = %D%/libonnx.la libthimble.la
BUILT_SOURCES += %D%/onnx.pb-c.h
CLEANFILES += %D%/onnx.pb-c.c %D%/onnx.pb-c.h
# One rule makes both files: the header first, the source with it.
%D%/onnx.pb-c.h: $(ONNX_PROTO)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(PROTOC_C) --proto_path=$(ONNX_PROTO_DIR) --c_out=%D% $(ONNX_PROTO)
%D%/onnx.pb-c.c: %D%/onnx.pb-c.h
	@test -f $@ && touch $@
$(%C%_libonnx_la_OBJECTS): %D%/onnx.pb-c.h
