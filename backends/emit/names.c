/* SPDX-License-Identifier: Apache-2.0 */
/* Names and literals: hostile model names made safe for C. */
#include "backends/emit/emit.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void th_emit_identifier(struct th_str *b, const char *name)
{
    static const char *const keywords[] = {
        "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
        "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register",
        "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
        "union", "unsigned", "void", "volatile", "while", "main", "asm", "class", "new", "this",
        "delete", "template", "namespace", "private", "public", "using", "virtual", "bool"};
    /* Headers of C libraries: NAME.h would stand before them in the search for includes, on some
     * systems whatever the case of its letters. */
    static const char *const headers[] = {
        "alloca", "assert", "complex", "cpio", "ctype", "dirent", "dlfcn", "endian", "envlock",
        "errno", "fcntl", "features", "fenv", "fnmatch", "getopt", "glob", "grp", "iconv",
        "inttypes", "iso646", "langinfo", "libgen", "limits", "locale", "malloc", "math", "memory",
        "monetary", "newlib", "paths", "picolibc", "poll", "pthread", "pwd", "reent", "regex",
        "sched", "search", "semaphore", "semihost", "setjmp", "signal", "spawn", "stdalign",
        "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdio", "stdlib", "stdnoreturn",
        "string", "strings", "syslog", "tar", "termios", "tgmath", "threads", "time", "uchar",
        "unctrl", "unistd", "utime", "values", "wchar", "wctype", "wordexp", "xlocale"};
    const size_t start = b->len;
    if (!name[0] || (name[0] >= '0' && name[0] <= '9') || name[0] == '_')
        th_str_add(b, "m");
    for (size_t i = 0; name[i] && i < 48; i++)
        th_str_addc(b, is_word(name[i]) ? name[i] : '_');
    for (size_t i = 0; i < TH_ARRAY_LEN(keywords); i++)
        if (!strcmp(b->s + start, keywords[i])) {
            th_str_addc(b, '_');
            return;
        }
    for (size_t i = 0; i < TH_ARRAY_LEN(headers); i++)
        if (!strcasecmp(b->s + start, headers[i])) {
            th_str_addc(b, '_');
            return;
        }
}

void th_emit_comment(struct th_str *b, const char *name)
{
    /* Comment ends, line splices and trigraphs cannot arise from the characters let through. */
    for (size_t i = 0; name[i] && i < 80; i++) {
        const char c = name[i];
        const bool safe = c >= 0x20 && c < 0x7f && c != '\\' && c != '?' &&
                          !(c == '/' && i && name[i - 1] == '*') &&
                          !(c == '*' && i && name[i - 1] == '/');
        th_str_addc(b, safe ? c : '_');
    }
}

void th_emit_float(struct th_str *b, float v)
{
    if (isnan(v))
        th_str_add(b, "NAN");
    else if (isinf(v))
        th_str_add(b, v > 0 ? "INFINITY" : "-INFINITY");
    else
        th_str_addf(b, "%af", (double)v);
}

/* The function's own name, made safe; none for the first. */
static void add_suffix(struct th_str *b, const struct th_program *p, uint32_t i)
{
    th_str_addc(b, '_');
    th_emit_identifier(b, th_graph_name(th_program_function(p, i)));
}

void th_emit_entry_name(struct th_str *b, const struct th_program *p, uint32_t i)
{
    struct th_str s, other;
    if (i == 0)
        return;
    th_str_init(&s);
    add_suffix(&s, p, i);
    /* Two functions may mangle to one word, or to one macro: the index tells them apart. */
    for (uint32_t k = 0; k < i; k++) {
        th_str_init(&other);
        add_suffix(&other, p, k);
        if (!s.failed && !other.failed && !strcasecmp(other.s, s.s))
            th_str_addf(&s, "_%u", i);
        th_str_release(&other);
    }
    if (!s.failed)
        th_str_add(b, s.s);
    b->failed = b->failed || s.failed;
    th_str_release(&s);
}

const char *th_emit_entry_suffix(struct th_emit *e, uint32_t i)
{
    struct th_str s;
    th_str_init(&s);
    th_str_add(&s, "");
    th_emit_entry_name(&s, e->program, i);
    const char *copy = th_arena_strdup(e->arena, s.len ? s.s : "");
    e->failed = e->failed || s.failed || !copy;
    th_str_release(&s);
    return copy ? copy : "";
}
