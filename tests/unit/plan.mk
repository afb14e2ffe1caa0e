# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/test_plan_place tests/unit/test_plan_order
tests_unit_test_plan_place_LDADD = $(unit_libs)
tests_unit_test_plan_order_LDADD = $(unit_libs)
