# SPDX-License-Identifier: Apache-2.0
# Damaged files in make check; libFuzzer harnesses with --enable-fuzzers --enable-sanitizers
# CC=clang CXX=clang++: run them as `tests/fuzz/fuzz_tflite CORPUS SEEDS`.
dist_check_SCRIPTS += %D%/tflite_mutants.test
EXTRA_DIST += %D%/mutate.py
dist_check_SCRIPTS += %D%/openvino_mutants.test
EXTRA_DIST += %D%/mutate_xml.py
dist_check_SCRIPTS += %D%/onnx_mutants.test
dist_check_SCRIPTS += %D%/corpus.test
EXTRA_DIST += %D%/corpus/loop-without-operands.xml %D%/corpus/operator-without-results.tflite \
  %D%/corpus/output-counts.xml
CLEANFILES += fuzz_xml.seed.xml fuzz_xml.seed.xml.weights
noinst_PROGRAMS += %D%/replay_tflite %D%/replay_xml
%C%_replay_tflite_SOURCES = %D%/fuzz_tflite.c %D%/replay.c
nodist_EXTRA_%C%_replay_tflite_SOURCES = replay-linked-as.cc
%C%_replay_tflite_LDADD = frontends/tflite/libtflite.la libthimble.la
%C%_replay_xml_SOURCES = %D%/fuzz_xml.c %D%/replay.c
%C%_replay_xml_LDADD = libthimble.la
noinst_PROGRAMS += %D%/replay_openvino
%C%_replay_openvino_SOURCES = %D%/fuzz_openvino.c %D%/replay.c
%C%_replay_openvino_LDADD = frontends/openvino/libopenvino.la libthimble.la $(XML_LIBS) -lm
noinst_PROGRAMS += %D%/replay_onnx
%C%_replay_onnx_SOURCES = %D%/fuzz_onnx.c %D%/replay.c
%C%_replay_onnx_LDADD = frontends/onnx/libonnx.la libthimble.la $(PROTOBUF_C_LIBS) -lm
if FUZZERS
noinst_PROGRAMS += %D%/fuzz_onnx
%C%_fuzz_onnx_SOURCES = %D%/fuzz_onnx.c
%C%_fuzz_onnx_LDFLAGS = -fsanitize=fuzzer $(SAN_FLAGS)
%C%_fuzz_onnx_LDADD = frontends/onnx/libonnx.la libthimble.la $(PROTOBUF_C_LIBS) -lm
noinst_PROGRAMS += %D%/fuzz_openvino
%C%_fuzz_openvino_SOURCES = %D%/fuzz_openvino.c
%C%_fuzz_openvino_LDFLAGS = -fsanitize=fuzzer $(SAN_FLAGS)
%C%_fuzz_openvino_LDADD = frontends/openvino/libopenvino.la libthimble.la $(XML_LIBS) -lm
noinst_PROGRAMS += %D%/fuzz_tflite
%C%_fuzz_tflite_SOURCES = %D%/fuzz_tflite.c
nodist_EXTRA_%C%_fuzz_tflite_SOURCES = fuzz-linked-as.cc
%C%_fuzz_tflite_LDFLAGS = -fsanitize=fuzzer $(SAN_FLAGS)
%C%_fuzz_tflite_LDADD = frontends/tflite/libtflite.la libthimble.la
noinst_PROGRAMS += %D%/fuzz_xml
%C%_fuzz_xml_SOURCES = %D%/fuzz_xml.c
%C%_fuzz_xml_LDFLAGS = -fsanitize=fuzzer $(SAN_FLAGS)
%C%_fuzz_xml_LDADD = libthimble.la
endif
