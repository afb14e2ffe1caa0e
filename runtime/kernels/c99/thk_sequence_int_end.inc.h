/* SPDX-License-Identifier: 0BSD */
/* Takes back what the body of an integer recurrent layer and its names were. */
#undef THK_NAME
#undef THK_A
#undef THK_NARROW
#undef THK_DOT
#undef THK_SEEN
#undef THK_UP
#undef THK_NOW
#undef THK_PAST
#undef THK_SIGMOID
#undef THK_TANH
