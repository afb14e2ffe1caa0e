# SPDX-License-Identifier: Apache-2.0
# Whole networks against other engines; rewrites docs/benchmarks.md.
EXTRA_DIST += %D%/baselines.csv %D%/bench.py
bench: all
	$(AM_TESTS_ENVIRONMENT) \
	$(srcdir)/bench/bench.py --thimble ./thimble --table $(srcdir)/docs/benchmarks.md
.PHONY: bench
