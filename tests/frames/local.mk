# SPDX-License-Identifier: Apache-2.0
# nets writes small networks along time; frames.test feeds them frame by frame.
noinst_PROGRAMS += %D%/nets
tests_frames_nets_LDADD = $(unit_libs)
EXTRA_DIST += %D%/frames_main.c
dist_check_SCRIPTS += %D%/frames.test
