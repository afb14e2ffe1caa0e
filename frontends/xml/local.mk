# SPDX-License-Identifier: Apache-2.0
plugin_LTLIBRARIES += %D%/xml.la
PRELOAD_MODULES += %D%/xml.la
# All of the module, for the module and for programs that link it (fuzzing).
noinst_LTLIBRARIES += %D%/libxml.la
%C%_libxml_la_SOURCES = %D%/xml.c
%C%_xml_la_SOURCES =
%C%_xml_la_LDFLAGS = $(module_ldflags)
%C%_xml_la_LIBADD = %D%/libxml.la libthimble.la
