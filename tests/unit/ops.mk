# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/test_op_records tests/unit/test_ops_nn tests/unit/test_numeric \
  tests/unit/test_ops_random
tests_unit_test_op_records_LDADD = $(unit_libs)
tests_unit_test_ops_nn_LDADD = $(unit_libs) -lm
tests_unit_test_numeric_LDADD = $(unit_libs) -lm
tests_unit_test_numeric_CFLAGS = $(AM_CFLAGS) -ffp-contract=fast
check_PROGRAMS += tests/unit/test_ops_elementwise tests/unit/test_ops_movement
EXTRA_DIST += tests/unit/ops_util.h
tests_unit_test_ops_elementwise_LDADD = $(unit_libs) -lm
tests_unit_test_ops_movement_LDADD = $(unit_libs)
tests_unit_test_ops_random_LDADD = libthimble.la
