/* What an LSTM does to its gates, there and back, for 16 units at a time (AVX-512).
 *
 * As in lstm.c, with polynomials fitted for a relative error of 3e-6, far beneath the rounding of bf16.
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

static inline lanes inverse(lanes x) {
    lanes near = _mm512_rcp14_ps(x);
    return near * (all(2.0f) - x * near);
}

/* exp(-x), up to exp(40), so that products of two are finite. */
static inline lanes exponential_of_less(lanes x) {
    lanes power = _mm512_min_ps(all(57.7f), x * all(-1.4426950409f)); /* of two; what is no number stays none */
    lanes rest = _mm512_reduce_ps(power, _MM_FROUND_TO_NEG_INF);      /* over the whole number beneath it */
    lanes p = all(1.353416524e-2f);
    p = p * rest + all(5.201146575e-2f);
    p = p * rest + all(2.414427539e-1f);
    p = p * rest + all(6.930038350e-1f);
    p = p * rest + all(1.000002593f);
    return _mm512_scalef_ps(p, power); /* times two to that whole number */
}

/* tanh(x), up to 8, where it ends. */
typedef struct {
    lanes above, below;
} ratio;

static inline ratio hyperbolic_tangent(lanes x) {
    x = within(8.0f, x);
    lanes u = x * x;
    lanes above = all(3.478958929e-6f);
    above = above * u + all(2.179541099e-3f);
    above = above * u + all(1.219351083e-1f);
    above = above * u + all(9.999972878e-1f);
    lanes below = all(1.318310264e-4f);
    below = below * u + all(2.061786803e-2f);
    below = below * u + all(4.552498626e-1f);
    below = below * u + all(1.0f);
    return (ratio){x * above, below};
}

typedef struct {
    lanes gates[GATES], cell, hidden;
} state;

/* What is said to the gates and the cell before -> what is after. Two gates share each division. */
static inline state there(const lanes said[GATES], lanes before) {
    lanes under_i = all(1.0f) + exponential_of_less(said[0]), under_f = all(1.0f) + exponential_of_less(said[1]);
    ratio t = hyperbolic_tangent(said[2]);
    lanes under_o = all(1.0f) + exponential_of_less(said[3]);
    lanes both = inverse(under_i * under_f), others = inverse(t.below * under_o);
    lanes i = under_f * both, f = under_i * both, g = t.above * under_o * others, o = t.below * others;
    lanes cell = f * before + i * g;
    ratio squashed = hyperbolic_tangent(cell);
    return (state){{i, f, g, o}, cell, o * squashed.above * inverse(squashed.below)};
}

typedef struct {
    lanes said[GATES], before;
} gradient;

/* Squashed gates, cells and the gradients of h and of the cell after -> those of what was said and of the cell before. */
static inline gradient back(const lanes gates[GATES], lanes before, lanes after, lanes d_hidden, lanes d_after) {
    lanes i = gates[0], f = gates[1], g = gates[2], o = gates[3], one = all(1.0f);
    ratio t = hyperbolic_tangent(after);
    lanes squashed = t.above * inverse(t.below);
    lanes d_cell = d_after + d_hidden * o * (one - squashed * squashed);
    lanes d_i = d_cell * g * i * (one - i), d_f = d_cell * before * f * (one - f);
    lanes d_g = d_cell * i * (one - g * g), d_o = d_hidden * squashed * o * (one - o);
    return (gradient){{d_i, d_f, d_g, d_o}, d_cell * f};
}
