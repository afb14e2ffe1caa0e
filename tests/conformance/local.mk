# SPDX-License-Identifier: Apache-2.0
# What is promised of emitted code; `make check-emitted` looks at every model of the shared set.
dist_check_SCRIPTS += %D%/boards.test %D%/emitted.test
EXTRA_DIST += %D%/boards.py %D%/emitted.py %D%/emitted_caller.c %D%/emitted_fed.c \
  %D%/emitted_main.c %D%/total.xml
check-emitted: all
	$(AM_TESTS_ENVIRONMENT) \
	$(srcdir)/tests/conformance/emitted.py --thimble ./thimble --all
	$(AM_TESTS_ENVIRONMENT) \
	$(srcdir)/tests/conformance/boards.py --thimble ./thimble --all
.PHONY: check-emitted
