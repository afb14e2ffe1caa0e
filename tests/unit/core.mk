# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/test_companion tests/unit/test_passes tests/unit/test_pipeline \
  tests/unit/test_quantize tests/unit/test_text tests/unit/test_xml
EXTRA_DIST += tests/unit/graph_util.h tests/unit/sample_program.h tests/golden/sample.txt
tests_unit_test_companion_LDADD = $(unit_libs)
tests_unit_test_passes_LDADD = $(unit_libs)
tests_unit_test_pipeline_LDADD = $(unit_libs)
tests_unit_test_quantize_LDADD = $(unit_libs) -lm
tests_unit_test_text_LDADD = $(unit_libs)
tests_unit_test_xml_LDADD = $(unit_libs) $(XML_LIBS)
