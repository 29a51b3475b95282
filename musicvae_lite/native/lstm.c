/* What an LSTM does between two matrix products, in one pass over its gates.
 *
 * Each kernel is there for two types of gates and products: `float`, and `bf16`, whose values are widened to
 * float while they are worked on. Cells are always float. Gates lie as rows [batch][4][size]: i, f, g, o.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;

static inline float from_float(float x) { return x; }
static inline float to_float(float x) { return x; }

static inline float from_bf16(bf16 x) {
    uint32_t bits = (uint32_t)x << 16;
    float wide;
    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

static inline bf16 to_bf16(float x) { /* to the nearest, ties to even */
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* exp(x). Beyond 40 either way it stays at its limit, so that products of two are finite.
 * Polynomials here and below were fitted by weighted least squares for the least error anywhere. */
static inline float exponential(float x) {
    const float log2_e = 1.4426950409f;
    const float whole = 12582912.0f + 127.0f; /* added, the low bits hold the nearest whole number + 127 */
    x = x < -40.0f ? -40.0f : x > 40.0f ? 40.0f : x;
    float shifted = x * log2_e + whole;
    float rest = x * log2_e - (shifted - whole); /* within half of zero */
    float p = 1.535336210e-4f;                   /* 2 to the power of rest, of relative error 2e-9 */
    p = p * rest + 1.339887472e-3f;
    p = p * rest + 9.618437359e-3f;
    p = p * rest + 5.550332470e-2f;
    p = p * rest + 2.402264791e-1f;
    p = p * rest + 6.931472029e-1f;
    p = p * rest + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= 23; /* into the exponent */
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

/* tanh(x) as x times a ratio of polynomials of x * x, of relative error 2e-8 up to 8, where it ends. */
typedef struct {
    float above, below;
} ratio;

static inline ratio hyperbolic_tangent(float x) {
    x = x < -8.0f ? -8.0f : x > 8.0f ? 8.0f : x;
    float u = x * x;
    float above = 2.351177724e-11f;
    above = above * u - 1.470544485e-8f;
    above = above * u + 9.879064414e-6f;
    above = above * u + 2.985905965e-3f;
    above = above * u + 1.297926431e-1f;
    above = above * u + 9.999999811e-1f;
    float below = 2.372093356e-4f;
    below = below * u + 2.402810464e-2f;
    below = below * u + 4.631258039e-1f;
    below = below * u + 1.0f;
    return (ratio){x * above, below};
}

/* One step forward. `gates` becomes the squashed gates. What is said to them is the sum of `product`, by the
 * state before; `constant`, at every step, to all rows alike where `stride` is 0, else that is the length of a
 * row; and what the input says: a row of `table`, or what `gates` held where there is no `index`. Two gates
 * share each division. */
#define FORWARD(T)                                                                                     \
    void forward_##T(size_t batch, size_t size, const T *restrict product, const T *restrict constant, \
                     size_t stride, const T *table, const int64_t *index, T *gates,                    \
                     const float *restrict before, float *restrict after, T *restrict hidden) {        \
        for (size_t row = 0; row < batch; row++) {                                                     \
            const T *p = product + 4 * row * size, *z = constant + row * stride;                       \
            T *x = gates + 4 * row * size;                                                             \
            const T *s = index ? table + 4 * index[row] * size : x;                                    \
            _Pragma("omp simd") for (size_t k = 0; k < size; k++) {                                    \
                size_t at = row * size + k;                                                            \
                size_t second = k + size, third = k + 2 * size, fourth = k + 3 * size;                 \
                float to_i = from_##T(p[k]) + from_##T(s[k]) + from_##T(z[k]);                         \
                float to_f = from_##T(p[second]) + from_##T(s[second]) + from_##T(z[second]);          \
                float to_g = from_##T(p[third]) + from_##T(s[third]) + from_##T(z[third]);             \
                float to_o = from_##T(p[fourth]) + from_##T(s[fourth]) + from_##T(z[fourth]);          \
                float under_i = 1.0f + exponential(-to_i);                                             \
                float under_f = 1.0f + exponential(-to_f);                                             \
                ratio t = hyperbolic_tangent(to_g);                                                    \
                float under_o = 1.0f + exponential(-to_o);                                             \
                float both = 1.0f / (under_i * under_f), others = 1.0f / (t.below * under_o);          \
                float i = under_f * both, f = under_i * both;                                          \
                float g = t.above * under_o * others, o = t.below * others;                            \
                float c = f * before[at] + i * g;                                                      \
                after[at] = c;                                                                         \
                ratio squashed = hyperbolic_tangent(c);                                                \
                hidden[at] = to_##T(o * squashed.above / squashed.below);                              \
                x[k] = to_##T(i);                                                                      \
                x[second] = to_##T(f);                                                                 \
                x[third] = to_##T(g);                                                                  \
                x[fourth] = to_##T(o);                                                                 \
            }                                                                                          \
        }                                                                                              \
    }

/* One step back. The gradient of h is what the step behind says plus what the output says. `gates` holds the
 * squashed gates and becomes the gradient of what was said to them; `d_cell` goes from after to before,
 * and `d_constant`, whose rows are as far apart as `stride` says, gathers over the steps, as does
 * `d_table` where there is an `index`. */
#define BACKWARD(T)                                                                                    \
    void backward_##T(size_t batch, size_t size, const T *restrict behind, const T *restrict output,   \
                      T *restrict gates, const float *restrict before, const float *restrict after,    \
                      float *restrict d_cell, float *restrict d_constant, size_t stride,               \
                      float *restrict d_table, const int64_t *index) {                                 \
        for (size_t row = 0; row < batch; row++) {                                                     \
            T *restrict x = gates + 4 * row * size;                                                    \
            float *restrict dz = d_constant + row * stride;                                            \
            _Pragma("omp simd") for (size_t k = 0; k < size; k++) {                                    \
                size_t at = row * size + k;                                                            \
                size_t second = k + size, third = k + 2 * size, fourth = k + 3 * size;                 \
                float i = from_##T(x[k]), f = from_##T(x[second]);                                     \
                float g = from_##T(x[third]), o = from_##T(x[fourth]);                                 \
                ratio t = hyperbolic_tangent(after[at]);                                               \
                float squashed = t.above / t.below;                                                    \
                float dh = from_##T(behind[at]) + from_##T(output[at]);                                \
                float dc = d_cell[at] + dh * o * (1.0f - squashed * squashed);                         \
                d_cell[at] = dc * f;                                                                   \
                float d_i = dc * g * i * (1.0f - i);                                                   \
                x[k] = to_##T(d_i);                                                                    \
                dz[k] += d_i;                                                                          \
                float d_f = dc * before[at] * f * (1.0f - f);                                          \
                x[second] = to_##T(d_f);                                                               \
                dz[second] += d_f;                                                                     \
                float d_g = dc * i * (1.0f - g * g);                                                   \
                x[third] = to_##T(d_g);                                                                \
                dz[third] += d_g;                                                                      \
                float d_o = dh * squashed * o * (1.0f - o);                                            \
                x[fourth] = to_##T(d_o);                                                               \
                dz[fourth] += d_o;                                                                     \
            }                                                                                          \
            if (!index) continue;                                                                      \
            float *restrict ds = d_table + 4 * index[row] * size;                                      \
            for (size_t k = 0; k < 4 * size; k++) ds[k] += from_##T(x[k]);                             \
        }                                                                                              \
    }

FORWARD(float)
FORWARD(bf16)
BACKWARD(float)
BACKWARD(bf16)
