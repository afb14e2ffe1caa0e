# SPDX-License-Identifier: Apache-2.0
# nets writes small networks; tiles.test compiles them in pieces, promises.test plans them.
# figures.test: arenas of models; cost.test: their instructions.
noinst_PROGRAMS += %D%/nets
tests_tiles_nets_LDADD = $(unit_libs)
EXTRA_DIST += %D%/feed_main.c
dist_check_SCRIPTS += %D%/tiles.test %D%/figures.test %D%/cost.test %D%/promises.test
