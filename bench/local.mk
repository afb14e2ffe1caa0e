# SPDX-License-Identifier: Apache-2.0
# Whole networks against other engines; rewrites docs/benchmarks.md.
EXTRA_DIST += %D%/plan_gaps.py %D%/baselines.csv %D%/bench.py %D%/mobilenet_v2.py %D%/tile_cost.py
bench: all
	$(AM_TESTS_ENVIRONMENT) \
	$(srcdir)/bench/bench.py --thimble ./thimble --table $(srcdir)/docs/benchmarks.md
# Memory against MACs of published networks; rewrites docs/memory-fronts.md.
check_PROGRAMS += %D%/fronts
%C%_fronts_SOURCES = %D%/fronts.c tests/unit/fuse_nets.c tests/unit/fuse_nets.h
%C%_fronts_LDADD = libthimble.la
fronts: bench/fronts
	./bench/fronts > $(srcdir)/docs/memory-fronts.md
# Instructions of whole networks in pieces; rewrites docs/tile-cost.md.
tile-cost: all
	$(AM_TESTS_ENVIRONMENT) \
	$(srcdir)/bench/tile_cost.py --thimble ./thimble --table $(srcdir)/docs/tile-cost.md
.PHONY: bench fronts tile-cost
