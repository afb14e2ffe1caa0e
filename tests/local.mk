# SPDX-License-Identifier: Apache-2.0
# Unit tests: one CUnit program per module.
LOG_COMPILER = $(SHELL)
unit_libs = libthimble.la $(CUNIT_LIBS)
