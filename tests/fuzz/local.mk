# SPDX-License-Identifier: Apache-2.0
# Damaged files in make check; libFuzzer harnesses with --enable-fuzzers --enable-sanitizers
# CC=clang CXX=clang++: run them as `tests/fuzz/fuzz_tflite CORPUS SEEDS`.
dist_check_SCRIPTS += %D%/tflite_mutants.test
EXTRA_DIST += %D%/mutate.py
if FUZZERS
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
