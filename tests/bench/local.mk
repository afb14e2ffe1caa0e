# SPDX-License-Identifier: Apache-2.0
# Every board runs a hand-written model.
check_PROGRAMS += %D%/boards
%C%_boards_SOURCES = %D%/boards.c $(image_sources)
%C%_boards_LDADD = libthimble.la $(JSON_LIBS) -lm
dist_check_SCRIPTS += %D%/canaries.test %D%/fronts.test %D%/goals.test %D%/mobilenet.test
dist_check_SCRIPTS += %D%/regions.test %D%/stack_notes.test %D%/targets.test
EXTRA_DIST += %D%/canaries.py %D%/regions.py %D%/regions-m55.xml %D%/regions-m7.xml
EXTRA_DIST += %D%/toy/toy.c %D%/toy/toy.h %D%/model/model.c %D%/model/model.h

if HAVE_CUNIT
check_PROGRAMS += tests/unit/test_target tests/unit/test_image tests/unit/test_npy \
  tests/unit/test_verify
tests_unit_test_target_SOURCES = tests/unit/test_target.c
tests_unit_test_target_LDADD = $(unit_libs) $(JSON_LIBS) -lm
tests_unit_test_image_SOURCES = tests/unit/test_image.c $(image_sources)
tests_unit_test_image_LDADD = $(unit_libs) $(JSON_LIBS) -lm
tests_unit_test_npy_SOURCES = tests/unit/test_npy.c $(image_sources)
tests_unit_test_npy_LDADD = $(unit_libs) $(JSON_LIBS) -lm
tests_unit_test_verify_SOURCES = tests/unit/test_verify.c $(image_sources)
tests_unit_test_verify_LDADD = $(unit_libs) $(JSON_LIBS) -lm
endif
