# SPDX-License-Identifier: Apache-2.0
# Built so that it stays true; not installed.
noinst_LTLIBRARIES += %D%/template.la
%C%_template_la_SOURCES = %D%/template.c
%C%_template_la_LDFLAGS = $(module_ldflags) -rpath $(plugindir)
%C%_template_la_LIBADD = libthimble.la
