# SPDX-License-Identifier: Apache-2.0
# Every board runs a hand-written model.
check_PROGRAMS += %D%/boards
%C%_boards_SOURCES = %D%/boards.c $(image_sources)
%C%_boards_LDADD = libthimble.la
dist_check_SCRIPTS += %D%/targets.test
EXTRA_DIST += %D%/toy/toy.c %D%/toy/toy.h
