/* LSTM layers and matrix products in bf16 for processors with AMX: what lstm.c does to the gates, with the products
 * inside, so that gates are made of sums that are still in cache.
 *
 * What is worked on together lies together, by groups of 32 units: gates [step][group][4][row][32] for i, f, g, o,
 * cells [step][group][row][32], tables [group][value][4][32]. Hidden states lie as rows or like cells. Sizes are
 * multiples of 32.
 */
#if defined(__linux__) && defined(__AMX_BF16__) && defined(__AVX512BF16__)

#include <sys/syscall.h>
#include <unistd.h>

#include "cells.h"
#include "tiles.h"

/* Whether the system lets this process use tiles. */
int ready(void) {
    const long ask = 0x1023, tiles = 18; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
    return syscall(SYS_arch_prctl, ask, tiles) == 0;
}

/* x [depth][wide], rows -> woven [wide / 32][depth / 32], blocks. */
void order(size_t depth, size_t wide, const bf16 *x, bf16 *woven) {
    for (size_t n = 0; n < wide; n += SIDE)
        for (size_t k = 0; k < depth; k += SIDE, woven += BLOCK) {
            const bf16 *rows[SIDE];
            for (size_t j = 0; j < SIDE; j++) rows[j] = x + (k + j) * wide;
            weave(rows, n, woven);
        }
}

static void nothing(const void *about, size_t at) {
    (void)about;
    (void)at;
}

enum { LARGE = 1 << 21 }; /* values that would drive all else out of the caches, and are put down past them */

/* out [wide] = x [depth] times woven, for all rows of all pages. */
void product(size_t pages, size_t rows, size_t depth, size_t wide, bf16 *x_values, size_t x_apart, size_t x_next,
             size_t x_page, const bf16 *woven, bf16 *out_values, size_t out_apart, size_t out_next, size_t out_page) {
    block sums[TOGETHER / SIDE] __attribute__((aligned(64)));
    matrix x = {x_values, rows, x_apart, x_next, x_page}, out = {out_values, rows, out_apart, out_next, out_page};
    size_t blocks = pages * blocks_of(rows);
    work none = {.steps = 1};
    const int is_large = pages * rows * wide > LARGE;
    shape(SIDE);
    for (size_t begin = 0; begin < blocks; begin += TOGETHER / SIDE) {
        size_t end = least(blocks, begin + TOGETHER / SIDE);
        for (size_t n = 0; n < wide; n += SIDE) {
            multiply(x, begin, end, depth, woven + n * depth, sums, &none, nothing);
            for (size_t b = begin; b < end; b++) {
                bf16 *to = block_of(out, b) + column_of(out, n);
                for (size_t r = 0; r < height_of(out, b); r++, to += out.apart) {
                    lanes first = _mm512_load_ps(sums[b - begin][r]), second = _mm512_load_ps(sums[b - begin][r] + HALF);
                    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(second, first);
                    if (is_large)
                        _mm512_stream_si512((void *)to, both);
                    else
                        _mm512_storeu_si512(to, both);
                }
            }
        }
    }
    _mm_sfence();
    _tile_release();
}

/* What is needed next is brought nearer meanwhile: a sixteenth of the sums after next, and 32 columns of some rows. */
static inline void fetch_sums(block sums, size_t part) {
    for (size_t row = 0; row < 2; row++)
        for (size_t half = 0; half < SIDE; half += HALF)
            _mm_prefetch((const char *)&sums[2 * (part % HALF) + row][half], _MM_HINT_T0);
}

static inline void fetch_rows(const bf16 *const *rows, size_t count, size_t column) {
    for (size_t row = 0; row < count; row++) _mm_prefetch((const char *)(rows[row] + column), _MM_HINT_T1);
}

enum { RUN = 512 }; /* rows that are summed up before the sums are put down */

/* sums [wide / 32][high / 32], blocks of 32 by 32, of all rows of x [high] times y [wide], added to what they hold where
 * there is `more`. There is room for `RUN` times high in `left`, and for `RUN` times 32 in `right`. */
void over_rows(size_t pages, size_t rows, size_t high, size_t wide, size_t more, bf16 *x_values, size_t x_apart, size_t x_next,
               size_t x_page, bf16 *y_values, size_t y_apart, size_t y_next, size_t y_page, block *sums, bf16 *left,
               bf16 *right) {
    matrix x = {x_values, rows, x_apart, x_next, x_page}, y = {y_values, rows, y_apart, y_next, y_page};
    shape(SIDE);
    for (size_t begin = 0; begin < pages * rows; begin += RUN, more = 1) {
        size_t depth = least(RUN, pages * rows - begin), blocks = blocks_of(depth);
        const bf16 *of_x[RUN], *of_y[RUN];
        for (size_t k = 0; k < blocks * SIDE; k++) { /* behind the last row it is repeated, times zeros */
            of_x[k] = row_of(x, begin + least(k, depth - 1));
            of_y[k] = row_of(y, begin + least(k, depth - 1));
        }
        for (size_t k = 0; k < blocks; k++)
            for (size_t m = 0; m < high; m += SIDE) {
                if (k + 1 < blocks) fetch_rows(of_x + (k + 1) * SIDE, SIDE, column_of(x, m));
                turn(of_x + k * SIDE, column_of(x, m), left + (m / SIDE * blocks + k) * BLOCK);
            }
        if (depth % SIDE)
            for (size_t m = 0; m < high; m++) { /* in place of the repeated row */
                bf16 *last = left + (m / SIDE * blocks + blocks - 1) * BLOCK + m % SIDE * SIDE;
                memset(last + depth % SIDE, 0, (SIDE - depth % SIDE) * sizeof *last);
            }
        block *sum = sums;
        for (size_t n = 0; n < wide; n += SIDE) {
            for (size_t k = 0; k < depth; k += SIDE) weave(of_y + k, column_of(y, n), right + k * SIDE);
            settle();
            for (size_t m = 0; m < high; m += SIDE, sum++) {
                if (more)
                    load_sums((*sum)[0], (*sum)[HALF]);
                else
                    clear_sums();
                for (size_t k = 0; k < depth; k += SIDE) {
                    const bf16 *upper = left + m * blocks * SIDE + k * SIDE;
                    if (more) fetch_sums(sum[2], k / SIDE);
                    if (m < depth && n + GROUP < wide) fetch_rows(of_y + m + k / HALF, 2, column_of(y, n + GROUP));
                    add_product(upper, upper + BLOCK / 2, SIDE, right + k * SIDE);
                }
                store_sums((*sum)[0], (*sum)[HALF]);
            }
        }
    }
    _tile_release();
}

/* A layer works on TOGETHER rows at most. States lie as they follow each other in time, [steps + 1]: the one before step
 * t stands at t, or behind it where the layer goes `backwards`. Gates and cells are of these rows alone; steps and rows
 * of hidden states and outputs, and steps of indices, are as far from each other as is said. What belongs to each row,
 * or to all of them alike where there is one, or to none, lies as [group][rows][4][32]. */
typedef struct {
    size_t steps, rows, size, backwards;
} layer;

static inline size_t before(layer l, size_t t) { return t + l.backwards; }
static inline size_t after(layer l, size_t t) { return t + !l.backwards; }
static inline size_t unit(layer l, size_t step, size_t group) { return (step * l.size / SIDE + group) * l.rows * SIDE; }

typedef block sums_of_rows[TOGETHER / SIDE];

/* What half a row of a group needs, from row 0 on. */
typedef struct {
    const sums_of_rows *sums;
    const int64_t *index;
    const bf16 *table, *always;
    const float *before;
    float *after;
    bf16 *gates, *hidden;
    size_t always_apart, hidden_apart, next; /* from one gate to the next */
} there_of;

INLINED void half_there(const void *about, size_t at) {
    const there_of *of = about;
    size_t row = at / 2, half = at % 2 * HALF;
    bf16 *gates = of->gates + row * SIDE + half;
    const bf16 *always = of->always + row * of->always_apart + half;
    const bf16 *input = of->index ? of->table + of->index[row] * GROUP + half : gates;
    const size_t input_next = of->index ? SIDE : of->next;
    lanes said[GATES];
    for (size_t q = 0; q < GATES; q++) {
        said[q] = _mm512_load_ps(of->sums[q][row / SIDE][row % SIDE] + half) + widened(input + q * input_next);
        if (of->always) said[q] += widened(always + q * SIDE);
    }
    state s = there(said, _mm512_loadu_ps(of->before + row * SIDE + half));
    _mm512_storeu_ps(of->after + row * SIDE + half, s.cell);
    for (size_t q = 0; q < GATES; q++) round_to(gates + q * of->next, s.gates[q]);
    round_to(of->hidden + row * of->hidden_apart + half, s.hidden);
}

/* All steps. What is said to the gates is the product of the weight and h; a constant, of `constants` rows; and what
 * the input says: rows of a table, or what the gates hold where there is no index. They become the squashed gates,
 * of one group while the next is multiplied. */
void forward(size_t steps, size_t rows, size_t size, size_t backwards, size_t has_state, const bf16 *weight,
             size_t constants, const bf16 *constant, size_t values, const bf16 *table, const int64_t *index,
             size_t index_step, bf16 *gates, float *cells, bf16 *hidden, size_t hidden_apart, size_t hidden_next,
             size_t hidden_step) {
    sums_of_rows sums[2][GATES] __attribute__((aligned(64))) = {0};
    layer l = {steps, rows, size, backwards};
    size_t products = GATES * blocks_of(rows) * size / SIDE;
    shape(SIDE);
    for (size_t i = 0; i < steps; i++) {
        size_t t = backwards ? steps - 1 - i : i;
        matrix h = {hidden + before(l, t) * hidden_step, rows, hidden_apart, hidden_next, 0};
        there_of of = {0};
        work squashing = {.steps = 1};
        for (size_t group = 0; group < size / SIDE; group++) {
            sums_of_rows *sum = sums[group % 2];
            for (size_t q = 0; q < GATES && (i || has_state); q++)
                multiply(h, 0, blocks_of(rows), size, weight + (group * GATES + q) * SIDE * size, sum[q], &squashing,
                         half_there);
            finish(&squashing, half_there);
            of = (there_of){sum, index ? index + t * index_step : 0, table + group * values * GROUP,
                            constants ? constant + group * constants * GROUP : 0, cells + unit(l, before(l, t), group),
                            cells + unit(l, after(l, t), group), gates + unit(l, t, group) * GATES,
                            hidden + after(l, t) * hidden_step + group * hidden_next, constants > 1 ? GROUP : 0, hidden_apart,
                            rows * SIDE};
            squashing = (work){&of, 2 * rows, products, 0, 0};
        }
        finish(&squashing, half_there);
    }
    _tile_release();
}

/* One step whose product stands by itself, as lstm.c does it: all in rows, gates [rows][4][size]. */
void step(size_t rows, size_t size, const bf16 *product, const bf16 *constant, size_t constant_apart, const bf16 *input,
          const float *old, float *new, bf16 *hidden) {
    for (size_t row = 0; row < rows; row++, constant += constant_apart)
        for (size_t unit = 0; unit < size; unit += HALF) {
            lanes said[GATES];
            for (size_t q = 0; q < GATES; q++) {
                size_t at = (row * GATES + q) * size + unit;
                said[q] = widened(product + at) + widened(input + at) + widened(constant + q * size + unit);
            }
            state s = there(said, _mm512_loadu_ps(old + row * size + unit));
            _mm512_storeu_ps(new + row * size + unit, s.cell);
            round_to(hidden + row * size + unit, s.hidden);
        }
}

typedef struct {
    const sums_of_rows *sums;
    const int64_t *index;
    const bf16 *output;
    const float *before, *after;
    float *table, *always, *cell;
    bf16 *gates;
    size_t always_apart, output_apart, next;
} back_of;

INLINED void add(float *to, lanes x) { _mm512_storeu_ps(to, _mm512_loadu_ps(to) + x); }

INLINED void half_back(const void *about, size_t at) {
    const back_of *of = about;
    size_t row = at / 2, half = at % 2 * HALF;
    bf16 *gates = of->gates + row * SIDE + half;
    float *always = of->always + row * of->always_apart + half, *cell = of->cell + row * SIDE + half;
    lanes squashed[GATES], d_hidden = _mm512_load_ps((*of->sums)[row / SIDE][row % SIDE] + half);
    for (size_t q = 0; q < GATES; q++) squashed[q] = widened(gates + q * of->next);
    if (of->output) d_hidden += widened(of->output + row * of->output_apart + half);
    gradient d = back(squashed, _mm512_loadu_ps(of->before + row * SIDE + half),
                      _mm512_loadu_ps(of->after + row * SIDE + half), d_hidden, _mm512_loadu_ps(cell));
    _mm512_storeu_ps(cell, d.before);
    for (size_t q = 0; q < GATES; q++) {
        round_to(gates + q * of->next, d.said[q]);
        if (of->always) add(always + q * SIDE, d.said[q]);
        if (of->index) add(of->table + of->index[row] * GROUP + half + q * SIDE, d.said[q]);
    }
}

enum { NEAR = 128 }; /* rows that go back through all steps together, whose gates stay in cache for a step */

/* All steps back. `output` [steps][rows][size] is the gradient of what was given out, or [rows][size] of the last step
 * alone where that `ends` it. The squashed gates become the gradients of what was said to them, which `d_constant` and
 * the rows of `d_table` gather; `d_cell` goes from the last cell to the first. */
void backward(size_t steps, size_t rows, size_t size, size_t backwards, size_t ends, const bf16 *weight,
              const bf16 *output, size_t output_step, size_t output_apart, bf16 *gates, const float *cells, float *d_cell,
              size_t constants, float *d_constant, size_t values, float *d_table, const int64_t *index,
              size_t index_step) {
    sums_of_rows sums[2] __attribute__((aligned(64))) = {0};
    layer l = {steps, rows, size, backwards};
    shape(SIDE);
    for (size_t from = 0; from < rows; from += NEAR) {
        size_t some = least(NEAR, rows - from), own = constants > 1, products = GATES * blocks_of(some) * size / SIDE;
        for (size_t i = 0; i < steps; i++) {
            size_t t = backwards ? i : steps - 1 - i, last = backwards ? t - 1 : t + 1;
            matrix behind = {gates + (i ? unit(l, last, 0) * GATES + from * SIDE : 0), some, SIDE, rows * SIDE, 0};
            const bf16 *given = (ends ? (i ? 0 : output) : output + t * output_step);
            back_of of = {0};
            work descending = {.steps = 1};
            for (size_t group = 0; group < size / SIDE; group++) {
                sums_of_rows *sum = &sums[group % 2];
                if (i)
                    multiply(behind, 0, blocks_of(some), GATES * size, weight + group * GROUP * size, *sum, &descending,
                             half_back);
                finish(&descending, half_back);
                of = (back_of){sum, index ? index + t * index_step + from : 0,
                               given ? given + from * output_apart + group * SIDE : 0,
                               cells + unit(l, before(l, t), group) + from * SIDE,
                               cells + unit(l, after(l, t), group) + from * SIDE, d_table + group * values * GROUP,
                               constants ? d_constant + (group * constants + own * from) * GROUP : 0,
                               d_cell + unit(l, 0, group) + from * SIDE,
                               gates + unit(l, t, group) * GATES + from * SIDE, own * GROUP, output_apart, rows * SIDE};
                descending = (work){&of, 2 * some, products, 0, 0};
            }
            finish(&descending, half_back);
        }
        memset(sums, 0, sizeof sums);
    }
    _tile_release();
}

#else
int ready(void) { return 0; }
#endif
