/* SPDX-License-Identifier: Apache-2.0 */
/* The API of a model whose frames are pushed, beside the same model on whole windows: codes, frames
 * in any portions, reset, memory that is free between two pushes. Compiled with the emitted folders
 * of the models m (frames) and w (windows). */
#include "m.h"
#include "w.h"

#include "../emitted.h"

#define FRAME (M_FRAME_BYTES / sizeof(M_INPUT_0_TYPE))
#define FRAMES (M_WARM_UP_FRAMES + 9 * M_HOP_FRAMES)

static M_INPUT_0_TYPE series[(M_WINDOW_FRAMES + FRAMES) * FRAME];
static M_OUTPUT_0_TYPE want[M_OUTPUT_0_ELEMENTS], got[M_OUTPUT_0_ELEMENTS];
static uint64_t memory[M_ARENA_BYTES / 8 + 16];

/* Frame i of the series stands behind a window of others. */
static const M_INPUT_0_TYPE *frame(size_t i)
{
    return series + (M_WINDOW_FRAMES + i) * FRAME;
}

static void check_outputs(struct m *ctx, size_t pushed)
{
    CHECK(w_run(frame(pushed) - M_WINDOW_FRAMES * FRAME, want) == W_OK);
    CHECK(!memcmp(m_output(ctx, 0), want, sizeof want));
}

/* As many as `portion` at once, or as are missing. */
static void whole_series(struct m *ctx, size_t portion)
{
    size_t done = 0, ready = 0;
    CHECK(ctx->missing == M_WARM_UP_FRAMES);
    while (done < FRAMES) {
        const size_t n = portion < ctx->missing ? portion : ctx->missing;
        const int complete = n == ctx->missing, status = m_push_frames(ctx, frame(done), n);
        done += n;
        CHECK(status == (complete ? M_OK : M_MORE));
        if (status == M_OK) {
            check_outputs(ctx, done);
            ready++;
        }
        scribble(ctx, (int)(done * 37 + 11));
    }
    CHECK(ready == 10);
}

int main(void)
{
    struct m ctx;
    size_t i;
    for (i = 0; i < sizeof series / sizeof series[0]; i++)
        series[i] = (M_INPUT_0_TYPE)((i + 1) * 2654435761u >> 13);
    CHECK(m_init(&ctx, memory, M_ARENA_BYTES) == M_OK);
    CHECK(m_input(&ctx, 0) == NULL);
    CHECK(m_push_frames(NULL, series, 1) == M_ERR_NULL);
    CHECK(m_push_frames(&ctx, NULL, 1) == M_ERR_NULL);
    CHECK(m_push_frames(&ctx, series, M_WARM_UP_FRAMES + 1) == M_ERR_FRAMES);
    CHECK(m_push_frames(&ctx, series, 0) == M_MORE);
    whole_series(&ctx, 1);
    CHECK(m_push_frames(&ctx, frame(0), M_HOP_FRAMES + 1) == M_ERR_FRAMES);
    CHECK(m_reset(&ctx) == M_OK);
    whole_series(&ctx, 3);
    CHECK(m_reset(&ctx) == M_OK);
    whole_series(&ctx, M_WARM_UP_FRAMES);
    for (i = 0; i < M_WARM_UP_FRAMES; i += M_HOP_FRAMES)
        CHECK(m_run(frame(i), got) == (i + M_HOP_FRAMES < M_WARM_UP_FRAMES ? M_MORE : M_OK));
    CHECK(w_run(frame(i) - M_WINDOW_FRAMES * FRAME, want) == W_OK);
    CHECK(!memcmp(got, want, sizeof want));
    return failures != 0;
}
