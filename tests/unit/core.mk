# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/test_passes tests/unit/test_pipeline tests/unit/test_xml
EXTRA_DIST += tests/unit/graph_util.h
tests_unit_test_passes_LDADD = $(unit_libs)
tests_unit_test_pipeline_LDADD = $(unit_libs)
tests_unit_test_xml_LDADD = $(unit_libs) $(XML_LIBS)
