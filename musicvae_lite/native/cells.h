/* What an LSTM does to its gates, there and back, for 16 units at a time (AVX-512).
 *
 * As in lstm.c, with polynomials fitted for a relative error of 1e-4 and inverses good to 6e-5: the rounding of bf16,
 * 2e-3, is twenty times as large, and every operation less is felt.
 */
#include <immintrin.h>
#include <stdint.h>

typedef __m512 lanes;
enum { GATES = 4 }; /* i, f, g, o */

static inline lanes all(float x) { return _mm512_set1_ps(x); }

static inline lanes widened(const uint16_t *x) { /* from bf16 */
    return (lanes)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)x)), 16);
}

static inline void round_to(uint16_t *to, lanes x) { /* to bf16 */
    _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh(x));
}

static inline lanes within(float limit, lanes x) { /* what is no number stays none */
    return _mm512_max_ps(all(-limit), _mm512_min_ps(all(limit), x));
}

/* 1 / (1 + exp(-x)) */
static inline lanes sigmoid(lanes x) {
    lanes power = x * all(-1.4426950409f);                       /* of two, for exp(-x) */
    lanes rest = _mm512_reduce_ps(power, _MM_FROUND_TO_NEG_INF); /* over the whole number beneath it */
    lanes p = all(7.802452563e-2f);
    p = p * rest + all(2.260671664e-1f);
    p = p * rest + all(6.958335281e-1f);
    p = p * rest + all(9.999252207e-1f);
    return _mm512_rcp14_ps(all(1.0f) + _mm512_scalef_ps(p, power)); /* times two to that whole number */
}

static inline lanes hyperbolic_tangent(lanes x) { /* up to 5, where it ends */
    x = within(5.0f, x);
    lanes u = x * x;
    lanes above = all(6.705657986e-4f);
    above = above * u + all(1.024177140e-1f);
    above = above * u + all(9.999480559e-1f);
    lanes below = all(1.281989235e-2f);
    below = below * u + all(4.354325228e-1f);
    below = below * u + all(1.0f);
    return x * above * _mm512_rcp14_ps(below);
}

typedef struct {
    lanes gates[GATES], cell, hidden;
} state;

/* What is said to the gates and the cell before -> what is after. */
static inline state there(const lanes said[GATES], lanes before) {
    lanes i = sigmoid(said[0]), f = sigmoid(said[1]), g = hyperbolic_tangent(said[2]), o = sigmoid(said[3]);
    lanes cell = f * before + i * g;
    return (state){{i, f, g, o}, cell, o * hyperbolic_tangent(cell)};
}

typedef struct {
    lanes said[GATES], before;
} gradient;

/* Squashed gates, cells and the gradients of h and of the cell after -> those of what was said and of the cell before. */
static inline gradient back(const lanes gates[GATES], lanes before, lanes after, lanes d_hidden, lanes d_after) {
    lanes i = gates[0], f = gates[1], g = gates[2], o = gates[3], one = all(1.0f);
    lanes squashed = hyperbolic_tangent(after);
    lanes d_cell = d_after + d_hidden * o * (one - squashed * squashed);
    lanes d_i = d_cell * g * i * (one - i), d_f = d_cell * before * f * (one - f);
    lanes d_g = d_cell * i * (one - g * g), d_o = d_hidden * squashed * o * (one - o);
    return (gradient){{d_i, d_f, d_g, d_o}, d_cell * f};
}
