# SPDX-License-Identifier: Apache-2.0
# Models made from JSON text, read through the loaded module.
noinst_PROGRAMS += %D%/import_model
%C%_import_model_SOURCES = %D%/import_model.c tests/fuzz/heap.c tests/fuzz/heap.h
%C%_import_model_LDADD = libthimble.la
dist_check_SCRIPTS += %D%/tflite.test
EXTRA_DIST += %D%/tflite_hostile.py %D%/tflite_import.py %D%/tflite_model.py %D%/tflite_ops.py
dist_check_SCRIPTS += %D%/openvino.test
EXTRA_DIST += %D%/openvino_detection.py %D%/openvino_hostile.py %D%/openvino_import.py \
  %D%/openvino_model.py %D%/openvino_more.py %D%/openvino_ops.py %D%/openvino_sampling.py \
  %D%/openvino_spec.py \
  %D%/openvino_spec_math.py
if HAVE_CUNIT
check_PROGRAMS += %D%/test_flex
%C%_test_flex_LDADD = frontends/tflite/libtflite.la $(unit_libs)
endif
