# SPDX-License-Identifier: Apache-2.0
noinst_PROGRAMS += %D%/pass_equal
%C%_pass_equal_LDADD = libthimble.la -lm
dist_check_SCRIPTS += %D%/passes.test %D%/xml.test
