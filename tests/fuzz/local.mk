# SPDX-License-Identifier: Apache-2.0
# Damaged files in make check; libFuzzer harnesses with --enable-fuzzers --enable-sanitizers
# CC=clang CXX=clang++: run them as `tests/fuzz/fuzz_tflite CORPUS SEEDS`.
dist_check_SCRIPTS += %D%/corpus.test %D%/onnx_mutants.test %D%/openvino_mutants.test \
  %D%/tflite_mutants.test %D%/xml_mutants.test
EXTRA_DIST += %D%/bombs.py %D%/bound.sh %D%/corpus.py %D%/mutants.sh %D%/mutate.py %D%/mutate_xml.py
EXTRA_DIST += %D%/corpus/tflite/operator-without-results.tflite \
  %D%/corpus/xml/loop-without-operands.xml %D%/corpus/xml/output-counts.xml
CLEANFILES += fuzz_xml.seed.xml fuzz_xml.seed.xml.weights
fuzz_common = %D%/harness.c %D%/harness.h
fuzz_tflite = %D%/fuzz_tflite.c $(fuzz_common)
fuzz_tflite_libs = frontends/tflite/libtflite.la libthimble.la
fuzz_onnx = %D%/fuzz_onnx.c $(fuzz_common)
fuzz_onnx_libs = frontends/onnx/libonnx.la libthimble.la $(PROTOBUF_C_LIBS) -lm
fuzz_openvino = %D%/fuzz_openvino.c $(fuzz_common)
fuzz_openvino_libs = frontends/openvino/libopenvino.la libthimble.la $(XML_LIBS) -lm
fuzz_xml = %D%/fuzz_xml.c $(fuzz_common)
fuzz_xml_libs = frontends/xml/libxml.la libthimble.la

noinst_PROGRAMS += %D%/replay_onnx %D%/replay_openvino %D%/replay_tflite %D%/replay_xml
%C%_replay_tflite_SOURCES = $(fuzz_tflite) %D%/replay.c
nodist_EXTRA_%C%_replay_tflite_SOURCES = replay-linked-as.cc
%C%_replay_tflite_LDADD = $(fuzz_tflite_libs)
%C%_replay_xml_SOURCES = $(fuzz_xml) %D%/replay.c
%C%_replay_xml_LDADD = $(fuzz_xml_libs)
%C%_replay_openvino_SOURCES = $(fuzz_openvino) %D%/replay.c
%C%_replay_openvino_LDADD = $(fuzz_openvino_libs)
%C%_replay_onnx_SOURCES = $(fuzz_onnx) %D%/replay.c
%C%_replay_onnx_LDADD = $(fuzz_onnx_libs)
if FUZZERS
fuzz_flags = -fsanitize=fuzzer $(SAN_FLAGS)
noinst_PROGRAMS += %D%/fuzz_onnx %D%/fuzz_openvino %D%/fuzz_tflite %D%/fuzz_xml
%C%_fuzz_onnx_SOURCES = $(fuzz_onnx)
%C%_fuzz_onnx_LDFLAGS = $(fuzz_flags)
%C%_fuzz_onnx_LDADD = $(fuzz_onnx_libs)
%C%_fuzz_openvino_SOURCES = $(fuzz_openvino)
%C%_fuzz_openvino_LDFLAGS = $(fuzz_flags)
%C%_fuzz_openvino_LDADD = $(fuzz_openvino_libs)
%C%_fuzz_tflite_SOURCES = $(fuzz_tflite)
nodist_EXTRA_%C%_fuzz_tflite_SOURCES = fuzz-linked-as.cc
%C%_fuzz_tflite_LDFLAGS = $(fuzz_flags)
%C%_fuzz_tflite_LDADD = $(fuzz_tflite_libs)
%C%_fuzz_xml_SOURCES = $(fuzz_xml)
%C%_fuzz_xml_LDFLAGS = $(fuzz_flags)
%C%_fuzz_xml_LDADD = $(fuzz_xml_libs)
endif
