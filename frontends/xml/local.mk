# SPDX-License-Identifier: Apache-2.0
plugin_LTLIBRARIES += %D%/xml.la
PRELOAD_MODULES += %D%/xml.la
%C%_xml_la_SOURCES = %D%/xml.c
%C%_xml_la_LDFLAGS = $(module_ldflags)
%C%_xml_la_LIBADD = libthimble.la
