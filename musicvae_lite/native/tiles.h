/* Matrix products in bf16 by AMX: 32 rows times 32 columns at a time.
 *
 * Four tiles hold the sums, two hold 32 rows of the first factor, two 32 columns of the second, which is `woven`: by
 * blocks of 32 by 32, each of two tiles of 16 columns, pairs of rows woven into one, as the instruction wants them.
 */
#include <immintrin.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;
#define INLINED static inline __attribute__((always_inline))
enum { HALF = 16, SIDE = 32, BLOCK = SIDE * SIDE, GROUP = 4 * SIDE };
enum { TOGETHER = 256, DEPTH = 512 }; /* rows, and what is summed up over, at once: as much as stays in cache */
typedef float block[SIDE][SIDE];

static inline size_t least(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t blocks_of(size_t rows) { return (rows + SIDE - 1) / SIDE; }

/* What C has written stands in memory. Compilers are not told what tiles read. */
static inline void settle(void) { atomic_signal_fence(memory_order_seq_cst); }

/* Makes tiles for `rows` rows, 1 to 32. Where there are 16 or less, the lower tiles repeat the upper ones. */
static void shape(size_t rows) {
    volatile struct { /* all of it is read, which compilers are not told either */
        uint8_t palette, start, unused[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } shapes = {.palette = 1};
    uint8_t upper = least(rows, HALF), lower = rows > HALF ? rows - HALF : rows;
    const uint8_t high[8] = {upper, upper, lower, lower, upper, lower, HALF, HALF};
    for (int i = 0; i < 8; i++) {
        shapes.rows[i] = high[i];
        shapes.bytes[i] = 64;
    }
    _tile_loadconfig((const void *)&shapes);
}

static inline void clear_sums(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

static inline void load_sums(const float *upper, const float *lower) {
    _tile_loadd(0, upper, 4 * SIDE);
    _tile_loadd(1, upper + HALF, 4 * SIDE);
    _tile_loadd(2, lower, 4 * SIDE);
    _tile_loadd(3, lower + HALF, 4 * SIDE);
}

static inline void store_sums(float *upper, float *lower) {
    _tile_stored(0, upper, 4 * SIDE);
    _tile_stored(1, upper + HALF, 4 * SIDE);
    _tile_stored(2, lower, 4 * SIDE);
    _tile_stored(3, lower + HALF, 4 * SIDE);
}

/* Adds 32 rows of the first factor, `apart` from each other, times a block of the second. The first is read past
 * the nearest cache, in which the second is to stay. */
static inline void add_product(const bf16 *upper, const bf16 *lower, size_t apart, const bf16 *woven) {
    _tile_stream_loadd(4, upper, 2 * apart);
    _tile_loadd(6, woven, 64);
    _tile_loadd(7, woven + BLOCK / 2, 64);
    _tile_stream_loadd(5, lower, 2 * apart);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
}

/* One half of two rows of 32 values, woven into one row: a value of the first, then one of the second. */
static inline __m512i woven_half(__m512i first, __m512i second, int is_behind) {
    const __m512i ahead = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38,
                                           6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
    return _mm512_permutex2var_epi16(first, _mm512_add_epi16(ahead, _mm512_set1_epi16(is_behind * HALF)), second);
}

/* 32 columns of 32 rows, woven. */
static inline void weave(const bf16 *const rows[SIDE], size_t column, bf16 *woven) {
    for (size_t j = 0; j < HALF; j++) {
        __m512i even = _mm512_loadu_si512(rows[2 * j] + column), odd = _mm512_loadu_si512(rows[2 * j + 1] + column);
        _mm512_storeu_si512(woven + j * SIDE, woven_half(even, odd, 0));
        _mm512_storeu_si512(woven + BLOCK / 2 + j * SIDE, woven_half(even, odd, 1));
    }
}

/* 32 columns of 32 rows, turned into rows, by five perfect shuffles as in transpose.c. */
static inline void turn(const bf16 *const rows[SIDE], size_t column, bf16 *turned) {
    __m512i x[2][SIDE];
    for (size_t j = 0; j < SIDE; j++) x[0][j] = _mm512_loadu_si512(rows[j] + column);
    for (size_t stage = 0; stage < 5; stage++)
        for (size_t j = 0; j < HALF; j++) {
            const __m512i upper = x[stage % 2][j], lower = x[stage % 2][j + HALF];
            x[(stage + 1) % 2][2 * j] = woven_half(upper, lower, 0);
            x[(stage + 1) % 2][2 * j + 1] = woven_half(upper, lower, 1);
        }
    memcpy(turned, x[1], sizeof x[1]);
}

/* Rows `apart` from each other, in pages of `rows` rows that are `page` values apart. Of a row, 32 values lie side
 * by side, and the next 32 are `next` values further. */
typedef struct {
    bf16 *values;
    size_t rows, apart, next, page;
} matrix;

static inline size_t column_of(matrix m, size_t column) { return column / SIDE * m.next + column % SIDE; }

static inline const bf16 *row_of(matrix m, size_t row) {
    return m.values + row / m.rows * m.page + row % m.rows * m.apart;
}

/* Blocks of rows, 32 or what is left of a page, are counted through all pages. */
static inline bf16 *block_of(matrix m, size_t block) {
    size_t a_page = blocks_of(m.rows);
    return m.values + block / a_page * m.page + block % a_page * SIDE * m.apart;
}

static inline size_t height_of(matrix m, size_t block) {
    return least(SIDE, m.rows - block % blocks_of(m.rows) * SIDE);
}

/* Work in small pieces that goes on while tiles multiply, evenly over so many `steps` of products. The smaller they
 * are, the more of it is done for nothing: tiles are multiplied beside all else, as far as a processor looks ahead. */
typedef void piece(const void *about, size_t at);
typedef struct {
    const void *about;
    size_t pieces, steps, next, due;
} work;

INLINED void go_on(work *w, piece *on) {
    for (w->due += w->pieces; w->due >= w->steps && w->next < w->pieces; w->due -= w->steps) on(w->about, w->next++);
}

INLINED void finish(work *w, piece *on) {
    while (w->next < w->pieces) on(w->about, w->next++);
}

enum { PART = BLOCK / (TOGETHER / SIDE) }; /* of a woven block, for each block of as many rows as there are at most */

/* Brings nearer what will be multiplied next. */
static inline void fetch_part(const bf16 *woven) {
    for (size_t i = 0; i < PART; i += SIDE) _mm_prefetch((const char *)(woven + i), _MM_HINT_T1);
}

/* Blocks from `begin` to `end` of x, `depth` wide, times 32 woven columns. */
INLINED void multiply(matrix x, size_t begin, size_t end, size_t depth, const bf16 *woven, block *sums, work *meanwhile,
                      piece *on) {
    settle();
    for (size_t from = 0; from < depth; from += DEPTH) {
        const bf16 *ahead = woven + least(depth, from + DEPTH) * SIDE; /* of these columns or behind them */
        for (size_t b = begin; b < end; b++) {
            size_t rows = height_of(x, b), lower = rows > HALF ? HALF : 0;
            const bf16 *top = block_of(x, b);
            float *upper_sums = sums[b - begin][0], *lower_sums = sums[b - begin][lower];
            if (rows < SIDE) shape(rows);
            if (from)
                load_sums(upper_sums, lower_sums);
            else
                clear_sums();
            for (size_t k = from; k < least(depth, from + DEPTH); k += SIDE) {
                const bf16 *at = top + column_of(x, k);
                add_product(at, at + lower * x.apart, x.apart, woven + k * SIDE);
                fetch_part(ahead + (k - from) * SIDE + (b - begin) * PART);
                go_on(meanwhile, on);
            }
            store_sums(upper_sums, lower_sums);
            if (rows < SIDE) shape(SIDE);
        }
    }
}
