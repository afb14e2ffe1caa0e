/* SPDX-License-Identifier: Apache-2.0 */
#include <thimble/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What s points at before the first append; nobody writes to it. */
static char empty[1] = "";

void th_str_init(struct th_str *b)
{
    *b = (struct th_str){empty, 0, 0, false};
}

void th_str_release(struct th_str *b)
{
    if (b->cap)
        free(b->s);
    th_str_init(b);
}

void th_str_clear(struct th_str *b)
{
    b->len = 0;
    if (b->cap)
        b->s[0] = '\0';
}

static bool reserve(struct th_str *b, size_t more)
{
    size_t need;
    if (b->failed || !th_add_size(b->len, more, &need) || !th_add_size(need, 1, &need)) {
        b->failed = true;
        return false;
    }
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    char *s = b->cap ? realloc(b->s, cap) : malloc(cap);
    if (!s) {
        b->failed = true;
        return false;
    }
    b->s = s;
    b->cap = cap;
    return true;
}

void th_str_addn(struct th_str *b, const char *s, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n)
        memcpy(b->s + b->len, s, n);
    b->len += n;
    b->s[b->len] = '\0';
}

void th_str_add(struct th_str *b, const char *s)
{
    th_str_addn(b, s, strlen(s));
}

void th_str_addc(struct th_str *b, char c)
{
    th_str_addn(b, &c, 1);
}

void th_str_vaddf(struct th_str *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0 || !reserve(b, (size_t)n))
        return;
    vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
    b->len += (size_t)n;
}

void th_str_addf(struct th_str *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    th_str_vaddf(b, fmt, ap);
    va_end(ap);
}

void th_str_add_escaped(struct th_str *b, const char *s)
{
    const size_t limit = 120;
    size_t n = strlen(s);
    const bool cut = n > limit;
    if (cut)
        n = limit;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)s[i];
        if (c == '\'' || c == '\\')
            th_str_addf(b, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            th_str_addf(b, "\\x%02x", c);
        else
            th_str_addc(b, (char)c);
    }
    if (cut)
        th_str_add(b, "...");
}

/* Levenshtein distance of words up to 63 characters; longer ones count as far apart. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[64];
    const size_t n = strlen(a), m = strlen(b);
    if (n > 63 || m > 63)
        return 64;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diag = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            const unsigned change = diag + (a[i - 1] != b[j - 1]);
            const unsigned gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diag = row[j];
            row[j] = change < gap ? change : gap;
        }
    }
    return row[m];
}

const char *th_nearest_name(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned best_d = (unsigned)strlen(word) / 3 + 2;
    for (size_t i = 0; i < n; i++) {
        const unsigned d = distance(word, names[i]);
        if (d < best_d) {
            best_d = d;
            best = names[i];
        }
    }
    /* the beginning of a name is meant, too */
    for (size_t i = 0; i < n && !best && strlen(word) > 2; i++)
        if (!strncmp(names[i], word, strlen(word)))
            best = names[i];
    return best;
}
