/* SPDX-License-Identifier: Apache-2.0 */
/* Option parsing: rows of options.def become argp options; argp does the rest. */
#define _GNU_SOURCE
#include "driver/options.h"
#include "driver/verbs.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REPEAT = 1, SHAPES = 2 };
#define CODE_USAGE 9001
#define KEY_BASE 0x100      /* rows without a short letter */

enum row_id {
#define TH_OPT(id, c, name, arg, group, flags, def, help) OPT_##id,
#include "driver/options.def"
#undef TH_OPT
    OPT_COUNT
};

static const struct row {
    int letter;
    const char *name, *arg;
    uint32_t group, flags;
    const char *def, *help;
} rows[OPT_COUNT] = {
#define TH_OPT(id, c, name, arg, group, flags, def, help) \
    {c, name, arg, TH_OPTS_##group, flags, def, help},
#include "driver/options.def"
#undef TH_OPT
};

/* ---- values ----------------------------------------------------------------------------------- */

bool th_parse_size(const char *text, uint64_t *out)
{
    if (!isdigit((unsigned char)*text))
        return false;
    char *end;
    errno = 0;
    const unsigned long long v = strtoull(text, &end, 10);
    unsigned shift = 0;
    if (*end == 'k' || *end == 'K')
        shift = 10;
    else if (*end == 'M')
        shift = 20;
    else if (*end == 'G')
        shift = 30;
    if (shift)
        end++;
    if (shift && !strncmp(end, "iB", 2))
        end += 2;
    else if (*end == 'B')
        end++;
    if (errno || *end || v > ((uint64_t)INT64_MAX >> shift))
        return false;
    *out = (uint64_t)v << shift;
    return true;
}

static enum th_status bad_value(const struct th_options *o, int id, const char *arg,
                                const char *wanted)
{
    th_error(o->ctx, NULL, CODE_USAGE, "--%s: '%s' is not %s", rows[id].name, arg, wanted);
    return TH_ERR_USAGE;
}

static enum th_status no_memory(const struct th_options *o)
{
    th_error(o->ctx, NULL, 0, "memory exhausted while reading options");
    return TH_ERR_INTERNAL;
}

static enum th_status add_word(struct th_options *o, struct th_words *w, const char *arg)
{
    const char **list = TH_NEW_ARRAY(o->arena, const char *, (size_t)w->n + 1);
    if (!list)
        return no_memory(o);
    if (w->n)
        memcpy(list, w->list, w->n * sizeof *list);
    list[w->n++] = arg;
    w->list = list;
    return TH_OK;
}

static enum th_status set_one_of(const struct th_options *o, int id, const char *arg,
                                 const char *const *names, size_t n, const char **out)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], arg)) {
            *out = arg;
            return TH_OK;
        }
    struct th_str s;
    th_str_init(&s);
    for (size_t i = 0; i < n; i++)
        th_str_addf(&s, "%s%s", !i ? "" : i + 1 < n ? ", " : " or ", names[i]);
    th_error(o->ctx, NULL, CODE_USAGE, "--%s: '%s' is %s %s", rows[id].name, arg,
             n > 1 ? "none of" : "not", s.s);
    th_str_release(&s);
    return TH_ERR_USAGE;
}
#define ONE_OF(out, ...)                                                            \
    set_one_of(o, id, arg, (const char *const[]){__VA_ARGS__},                      \
               TH_ARRAY_LEN(((const char *const[]){__VA_ARGS__})), (out))

static enum th_status set_objective(struct th_options *o, int id, const char *arg)
{
    const char *name = NULL;
    TH_TRY(ONE_OF(&name, "balanced", "time", "ram", "size"));
    o->objective = *name == 'b' ? TH_OPT_BALANCED : *name == 't' ? TH_OPT_TIME
                 : *name == 'r' ? TH_OPT_RAM : TH_OPT_SIZE;
    return TH_OK;
}

static enum th_status add_dim(struct th_options *o, int id, const char *arg)
{
    const char *eq = strrchr(arg, '=');
    uint64_t n = 0;
    if (!eq || eq == arg || !th_parse_size(eq + 1, &n) || !n || n > INT32_MAX)
        return bad_value(o, id, arg, "NAME=N with N from 1 to 2147483647");
    struct th_input_dim *d = TH_NEW_ARRAY(o->arena, struct th_input_dim, (size_t)o->n_dims + 1);
    char *name = th_arena_strndup(o->arena, arg, (size_t)(eq - arg));
    if (!d || !name)
        return no_memory(o);
    if (o->n_dims)
        memcpy(d, o->dims, o->n_dims * sizeof *d);
    d[o->n_dims++] = (struct th_input_dim){name, (int64_t)n};
    o->dims = d;
    return TH_OK;
}

static enum th_status add_region(struct th_options *o, int id, const char *arg)
{
    const char *eq = strrchr(arg, '=');
    uint64_t n = 0;
    if (!eq || eq == arg || !th_parse_size(eq + 1, &n) || !n)
        return bad_value(o, id, arg, "NAME=BYTES, such as dtcm=64k");
    return add_word(o, &o->regions, arg);
}

static enum th_status add_force(struct th_options *o, int id, const char *arg)
{
    const char *eq = strrchr(arg, '=');
    if (!eq || eq == arg || !eq[1])
        return bad_value(o, id, arg, "NODE=SYMBOL");
    return add_word(o, &o->force, arg);
}

static enum th_status add_precision(struct th_options *o, int id, const char *arg)
{
    static const char *const kinds[] = {"int8", "int16", "int4", "float16", "float"};
    const char *eq = strrchr(arg, '=');
    bool known = false;
    for (size_t i = 0; eq && i < TH_ARRAY_LEN(kinds); i++)
        known |= !strcmp(eq + 1, kinds[i]);
    if (!known || eq == arg)
        return bad_value(o, id, arg, "NODE=KIND with int8, int16, int4, float16 or float");
    return add_word(o, &o->precisions, arg);
}

/* One number, or one for each channel. */
static enum th_status set_numbers(const struct th_options *o, int id, const char *arg,
                                  double *list, uint32_t *n, bool positive)
{
    const char *p = arg;
    *n = 0;
    for (;;) {
        char *end;
        const double v = strtod(p, &end);
        if (end == p || *n == TH_DATASET_CHANNELS || !(v > -1e30 && v < 1e30) ||
            (positive && v <= 0))
            break;
        list[(*n)++] = v;
        p = end + (*end == ',');
        if (!*end)
            return TH_OK;
        if (*end != ',')
            break;
    }
    return bad_value(o, id, arg, positive ? "one to four numbers above 0, separated by ','"
                                          : "one to four numbers, separated by ','");
}

static enum th_status set_drop(struct th_options *o, int id, const char *arg)
{
    char *end;
    const double v = strtod(arg, &end);
    if (end == arg || *end || !(v >= 0 && v <= 100))
        return bad_value(o, id, arg, "a number from 0 to 100");
    o->max_drop = arg;
    return TH_OK;
}

static enum th_status set_size(struct th_options *o, int id, const char *arg, uint64_t *out)
{
    if (!th_parse_size(arg, out) || !*out)
        return bad_value(o, id, arg, "a size, such as 131072, 128k or 2M");
    return TH_OK;
}

static enum th_status set_number(struct th_options *o, int id, const char *arg, uint64_t *out)
{
    char *end;
    errno = 0;
    const unsigned long long v = strtoull(arg, &end, 10);
    if (!isdigit((unsigned char)*arg) || *end || errno)
        return bad_value(o, id, arg, "a whole number");
    *out = v;
    return TH_OK;
}

static enum th_status set_hop(struct th_options *o, int id, const char *arg)
{
    TH_TRY(set_number(o, id, arg, &o->hop));
    return o->hop >= 1 && o->hop <= 1000000000 ? TH_OK
                                               : bad_value(o, id, arg, "a number from 1 to 10^9");
}

static enum th_status set_tolerance(struct th_options *o, int id, const char *arg)
{
    if (!th_tolerance_parse(arg, &o->tolerance))
        return bad_value(o, id, arg, "one or two numbers of at least 0");
    return TH_OK;
}

static enum th_status set_verbosity(struct th_options *o, int id, const char *arg)
{
    uint64_t v = 0;
    TH_TRY(set_number(o, id, arg, &v));
    if (v > 9)
        return bad_value(o, id, arg, "a level from 0 to 9");
    o->verbosity = (int)v;
    th_ctx_set_verbosity(o->ctx, o->verbosity);
    return TH_OK;
}

static enum th_status set_model(struct th_options *o, const char *arg)
{
    if (o->model && strcmp(o->model, arg)) {
        th_error(o->ctx, NULL, CODE_USAGE, "one model at a time: '%s' was given before '%s'",
                 o->model, arg);
        return TH_ERR_USAGE;
    }
    o->model = arg;
    return TH_OK;
}

static enum th_status set_contract(struct th_options *o, int id, const char *arg)
{
    TH_TRY(ONE_OF(&o->contract, "tflite", "tflite-single-rounding"));
    th_ctx_set_contract(o->ctx, o->contract);
    return TH_OK;
}

static enum th_status set_flag(bool *flag)
{
    *flag = true;
    return TH_OK;
}

static enum th_status set_text(const char **out, const char *arg)
{
    *out = arg;
    return TH_OK;
}

static enum th_status set(struct th_options *o, int id, const char *arg)
{
    switch ((enum row_id)id) {
    case OPT_MODEL: return set_model(o, arg);
    case OPT_INPUT_DIM: return add_dim(o, id, arg);
    case OPT_CONTRACT: return set_contract(o, id, arg);
    case OPT_TARGET:
        return *arg == '-' ? bad_value(o, id, arg, "the name of a target")
                           : set_text(&o->target, arg);
    case OPT_SRAM: return set_size(o, id, arg, &o->sram);
    case OPT_FLASH: return set_size(o, id, arg, &o->flash);
    case OPT_REGION: return add_region(o, id, arg);
    case OPT_OBJECTIVE: return set_objective(o, id, arg);
    case OPT_PASSES: return set_text(&o->passes, arg);
    case OPT_CUT_OUTPUT: return set_text(&o->cut_output, arg);
    case OPT_IO: return ONE_OF(&o->io, "model", "quantized");
    case OPT_INPUT_LAYOUT: return ONE_OF(&o->input_layout, "model", "channels-last");
    case OPT_OUTPUT_LAYOUT: return ONE_OF(&o->output_layout, "model", "channels-last");
    case OPT_FORCE: return add_force(o, id, arg);
    case OPT_SEED: return set_number(o, id, arg, &o->seed);
    case OPT_PRINT_AFTER: return set_text(&o->print_after, arg);
    case OPT_STOP_AFTER: return set_text(&o->stop_after, arg);
    case OPT_TIME_PASSES: return set_flag(&o->time_passes);
    case OPT_CALIB: return add_word(o, &o->calibs, arg);
    case OPT_QUANTIZE: return ONE_OF(&o->quantize, "int8", "int16", "int4", "float16");
    case OPT_PRECISION: return add_precision(o, id, arg);
    case OPT_CALIBRATOR:
        return ONE_OF(&o->calibrator, "auto", "minmax", "percentile", "mse", "entropy");
    case OPT_IMAGE_MEAN:
        return set_numbers(o, id, arg, o->preprocess.mean, &o->preprocess.n_mean, false);
    case OPT_IMAGE_SCALE:
        return set_numbers(o, id, arg, o->preprocess.scale, &o->preprocess.n_scale, true);
    case OPT_IMAGE_ORDER:
        TH_TRY(ONE_OF(&o->image_order, "rgb", "bgr"));
        o->preprocess.bgr = *o->image_order == 'b';
        return TH_OK;
    case OPT_IMAGE_FIT:
        TH_TRY(ONE_OF(&o->image_fit, "stretch", "crop"));
        o->preprocess.fit = *o->image_fit == 'c' ? TH_FIT_CROP : TH_FIT_STRETCH;
        return TH_OK;
    case OPT_ACCURACY: return set_text(&o->accuracy, arg);
    case OPT_ACCURACY_DATA: return add_word(o, &o->accuracy_data, arg);
    case OPT_MAX_DROP: return set_drop(o, id, arg);
    case OPT_OUTPUT: return set_text(&o->output, arg);
    case OPT_NAME: return set_text(&o->name, arg);
    case OPT_WEIGHTS: return ONE_OF(&o->weights, "c", "bin");
    case OPT_IO_BUFFERS: return ONE_OF(&o->io_buffers, "arena", "caller");
    case OPT_FEED: return ONE_OF(&o->feed, "whole", "rows", "frames");
    case OPT_HOP: return set_hop(o, id, arg);
    case OPT_TESTBENCH: return set_flag(&o->testbench);
    case OPT_INPUT: return add_word(o, &o->inputs, arg);
    case OPT_EXPECT: return add_word(o, &o->expects, arg);
    case OPT_TOLERANCE: return set_tolerance(o, id, arg);
    case OPT_RESET: return set_flag(&o->reset);
    case OPT_SEQUENCE: return set_flag(&o->sequence);
    case OPT_SIGNATURE: return set_text(&o->signature, arg);
    case OPT_OUTPUT_DIR: return set_text(&o->output_dir, arg);
    case OPT_DUMP_ALL: return set_text(&o->dump_dir, arg);
    case OPT_CC: return set_text(&o->cc, arg);
    case OPT_PLANNED: return set_flag(&o->planned);
    case OPT_PARETO: return set_flag(&o->pareto);
    case OPT_LAYERS: return set_flag(&o->layers);
    case OPT_PLUGIN: return add_word(o, &o->plugins, arg);
    case OPT_NO_PLUGINS: return set_flag(&o->no_plugins);
    case OPT_VERBOSITY: return set_verbosity(o, id, arg);
    case OPT_JSON: return set_flag(&o->json);
    case OPT_COUNT: break;
    }
    return TH_ERR_INTERNAL;
}

/* What was given is kept as text for passes and for the header of emitted files. */
static enum th_status keep(struct th_options *o, int id, const char *arg)
{
    const char *text = arg ? arg : "1";
    if (o->text[id] && (rows[id].flags & REPEAT))
        text = th_arena_printf(o->arena, "%s,%s", o->text[id], text);
    if (!text)
        return no_memory(o);
    o->text[id] = text;
    return TH_OK;
}

/* ---- argp ------------------------------------------------------------------------------------- */

struct parse {
    const struct th_verb *verb;
    struct th_options *o;
    enum th_status status;
};

static int row_of_key(int key)
{
    for (int i = 0; i < OPT_COUNT; i++)
        if (key == (rows[i].letter ? rows[i].letter : KEY_BASE + i))
            return i;
    return -1;
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
    struct parse *p = state->input;
    enum th_status s;
    if (key == 'h') {
        argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        if (!p->verb->args) {
            th_error(p->o->ctx, NULL, CODE_USAGE, "'%s' takes no argument, but '%s' was "
                     "given", p->verb->name, arg);
            th_help(p->o->ctx, CODE_USAGE, "it lists all: look for '%s' in what 'thimble %s' "
                    "prints", arg, p->verb->name);
            s = TH_ERR_USAGE;
        } else {
            s = set_model(p->o, arg);
        }
    } else {
        const int id = row_of_key(key);
        if (id < 0)
            return ARGP_ERR_UNKNOWN;
        s = set(p->o, id, arg);
        if (s == TH_OK)
            s = keep(p->o, id, arg);
    }
    if (s != TH_OK && p->status == TH_OK)
        p->status = s;
    return 0;
}

static bool taken(const struct row *r, uint32_t groups)
{
    return r->group & (groups | TH_OPTS_COMMON);
}

/* The row that `word` (no dashes, up to '=') names: exactly, or as the only prefix. */
static const struct row *row_by_name(uint32_t groups, const char *word, size_t n)
{
    const struct row *found = NULL;
    unsigned hits = 0;
    for (int i = 0; i < OPT_COUNT; i++) {
        if (!taken(&rows[i], groups) || strncmp(rows[i].name, word, n))
            continue;
        if (strlen(rows[i].name) == n)
            return &rows[i];
        found = &rows[i];
        hits++;
    }
    return hits == 1 ? found : NULL;
}

static const struct th_verb *const verbs[] = {
#define TH_VERB(name) &th_verb_##name,
#include "driver/verbs.def"
#undef TH_VERB
};

static enum th_status unknown_option(struct th_ctx *ctx, const struct th_verb *verb,
                                     const char *word, size_t n)
{
    const char *names[OPT_COUNT + 1] = {"help"};
    size_t count = 1;
    uint32_t elsewhere = 0;
    for (int i = 0; i < OPT_COUNT; i++) {
        if (taken(&rows[i], verb->groups))
            names[count++] = rows[i].name;
        if (strlen(rows[i].name) == n && !strncmp(rows[i].name, word, n))
            elsewhere = rows[i].group;
    }
    char *name = strndup(word, n);
    if (!name)
        return TH_ERR_INTERNAL;
    struct th_str others;
    th_str_init(&others);
    for (size_t i = 0; elsewhere && i < TH_ARRAY_LEN(verbs); i++)
        if (verbs[i]->groups & elsewhere)
            th_str_addf(&others, "%s'%s'", others.len ? ", " : " (but: ", verbs[i]->name);
    if (others.len)
        th_str_addc(&others, ')');
    th_error(ctx, NULL, CODE_USAGE, "'%s' has no option '--%s'%s", verb->name, name, others.s);
    th_str_release(&others);
    const char *near = elsewhere ? NULL : th_nearest_name(name, names, count);
    if (near)
        th_help(ctx, CODE_USAGE, "did you mean '--%s'?", near);
    else
        th_help(ctx, CODE_USAGE, "'thimble %s -h' lists the options", verb->name);
    free(name);
    return TH_ERR_USAGE;
}

static enum th_status lacks_value(struct th_ctx *ctx, const struct row *r, const char *word)
{
    th_error(ctx, NULL, CODE_USAGE, "'%s' needs a value: %s %s", word, word, r->arg);
    return TH_ERR_USAGE;
}

/* argp names an unknown option but cannot say which one was meant, so they are looked at first. */
static enum th_status check_names(struct th_ctx *ctx, const struct th_verb *verb, int argc,
                                  char **argv)
{
    enum th_status s = TH_OK;
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        if (strncmp(argv[i], "--", 2)) {
            /* a short option with its value in the next word */
            const struct row *r = NULL;
            for (int k = 0; argv[i][0] == '-' && k < OPT_COUNT; k++)
                if (rows[k].letter && argv[i][1] == rows[k].letter &&
                    taken(&rows[k], verb->groups))
                    r = &rows[k];
            if (r && r->arg && !argv[i][2] && ++i == argc)
                s = lacks_value(ctx, r, argv[i - 1]);
            continue;
        }
        const char *word = argv[i] + 2;
        const size_t n = strcspn(word, "=");
        if ((n == 4 && !strncmp(word, "help", n)) || (n == 5 && !strncmp(word, "usage", n)))
            continue;
        const struct row *r = row_by_name(verb->groups, word, n);
        if (!r)
            s = unknown_option(ctx, verb, word, n);
        if (r && r->arg && !word[n] && ++i == argc)
            s = lacks_value(ctx, r, argv[i - 1]);
    }
    return s;
}

static void set_defaults(struct th_options *o)
{
    o->objective = TH_OPT_BALANCED;
    o->io = "model";
    o->io_buffers = "arena";
    o->feed = "whole";
    o->hop = 1;
    o->weights = "c";
    o->contract = "tflite";
    o->verbosity = 1;
}

/* --calib makes the others meaningful. */
static enum th_status check_quantization(const struct th_options *o)
{
    static const int needy[] = {OPT_QUANTIZE, OPT_PRECISION, OPT_CALIBRATOR, OPT_ACCURACY,
                                OPT_ACCURACY_DATA, OPT_MAX_DROP};
    enum th_status s = TH_OK;
    const bool halves = o->quantize && !strcmp(o->quantize, "float16");
    for (size_t i = 0; !o->calibs.n && !o->passes && i < TH_ARRAY_LEN(needy); i++) {
        if (!o->text[needy[i]] || (halves && i < 2))
            continue;
        th_error(o->ctx, NULL, CODE_USAGE, "--%s needs samples", rows[needy[i]].name);
        th_help(o->ctx, CODE_USAGE, "name them with --calib");
        s = TH_ERR_USAGE;
    }
    return s;
}

enum th_status th_options_parse(struct th_ctx *ctx, const struct th_verb *verb, int argc,
                                char **argv, struct th_options *o)
{
    *o = (struct th_options){.ctx = ctx, .arena = th_ctx_arena(ctx)};
    set_defaults(o);
    th_ctx_set_verbosity(ctx, o->verbosity);
    o->text = TH_NEW_ARRAY(o->arena, const char *, OPT_COUNT);
    char *program = th_arena_printf(o->arena, "thimble %s", verb->name);
    if (!o->text || !program)
        return no_memory(o);
    TH_TRY(check_names(ctx, verb, argc, argv));

    struct argp_option list[OPT_COUNT + 2];
    size_t n = 0;
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct row *r = &rows[i];
        const char *help = r->help;
        if (r->def && !(help = th_arena_printf(o->arena, "%s (default: %s)", r->help, r->def)))
            return no_memory(o);
        if (taken(r, verb->groups))
            list[n++] = (struct argp_option){.name = r->name, .arg = r->arg, .doc = help,
                                             .key = r->letter ? r->letter : KEY_BASE + i};
    }
    list[n++] = (struct argp_option){.key = 'h', .flags = OPTION_HIDDEN};
    list[n] = (struct argp_option){0};
    const struct argp argp = {.options = list, .parser = parse_one, .args_doc = verb->args,
                              .doc = verb->doc};
    struct parse p = {verb, o, TH_OK};
    argv[0] = program;
    const error_t e = argp_parse(&argp, argc, argv, 0, NULL, &p);
    if (e)
        return e == ENOMEM ? no_memory(o) : TH_ERR_USAGE;
    return p.status == TH_OK ? check_quantization(o) : p.status;
}

bool th_options_take(struct th_options *o, const char *name, const char *value)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        if (strcmp(rows[i].name, name))
            continue;
        const char **text = th_arena_memdup(o->arena, o->text, OPT_COUNT * sizeof *text);
        if (!text)
            return false;
        text[i] = NULL;
        o->text = text;
        return set(o, i, value) == TH_OK && keep(o, i, value) == TH_OK;
    }
    return false;
}

/* ---- afterwards -------------------------------------------------------------------------------- */

const char *th_options_global(void *user, const char *name)
{
    const struct th_options *o = user;
    /* sizes of memory are in the target that passes are given */
    if (!strcmp(name, "sram") || !strcmp(name, "region") || !strcmp(name, "flash"))
        return NULL;
    for (int i = 0; i < OPT_COUNT; i++)
        if (!strcmp(rows[i].name, name))
            return o->text[i] ? o->text[i] : rows[i].def;
    return NULL;
}

void th_options_canonical(const struct th_options *o, struct th_str *out)
{
    const size_t start = out->len;
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct row *r = &rows[i];
        if (!(r->flags & SHAPES) || !o->text[i] || (r->def && !strcmp(r->def, o->text[i])))
            continue;
        const char *text = o->text[i];
        if (i == OPT_TARGET && strrchr(text, '/'))
            text = strrchr(text, '/') + 1;
        th_str_addf(out, "%s--%s", out->len > start ? " " : "", r->name);
        if (r->arg)
            th_str_addf(out, "=%s", text);
    }
}

enum th_status th_options_need_model(const struct th_options *o)
{
    if (o->model)
        return TH_OK;
    th_error(o->ctx, NULL, CODE_USAGE, "no model was given");
    th_help(o->ctx, CODE_USAGE, "name its file: thimble VERB model.tflite");
    return TH_ERR_USAGE;
}
