# SPDX-License-Identifier: Apache-2.0
bin_PROGRAMS += thimble
thimble_SOURCES = %D%/main.c
thimble_LDADD = libthimble.la $(LTDL_LIBS) $(JSON_LIBS)
