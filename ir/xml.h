/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the XML writer and reader agree on. Private to ir/.
 *
 * Values are numbered in order of appearance within their graph, from 1; 0 is an absent operand.
 * Numbers are decimal, floats hexadecimal (or inf, -inf, nan). Names may hold any bytes: what is
 * not valid XML text is written as \xNN and a backslash as \\. Blobs lie in the side file at
 * multiples of 16.
 */
#ifndef IR_XML_H
#define IR_XML_H

#define TH_XML_ROOT "thimble-program"
#define TH_XML_VERSION "1"
#define TH_XML_SIDE ".weights"
#define TH_XML_ALIGN 16

/* Names of enum th_attr_kind and enum th_state_kind, in order. */
#define TH_XML_ATTR_KINDS \
    {"int", "bool", "float", "string", "ints", "floats", "dtype", "enum", "state"}
/* Of th_region_role, from TH_ROLE_INPUT on. */
#define TH_XML_CALLER_ROLES {"input", "output"}
#define TH_XML_STATE_KINDS {"model", "frame", "trained"}

#endif
