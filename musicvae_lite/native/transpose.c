/* Rows to columns, for values of 16 bits. Blocks of 32 by 32 are turned by five perfect shuffles of their
 * rows: each weaves the upper half into the lower one, and processors weave many values at once. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SIDE = 32 };
typedef uint16_t block[SIDE][SIDE];

static inline void shuffle(uint16_t (*restrict from)[SIDE], uint16_t (*restrict to)[SIDE]) {
    for (int i = 0; i < SIDE / 2; i++) {
        uint16_t *restrict woven = to[2 * i]; /* two rows */
        for (int j = 0; j < SIDE; j++) {
            woven[2 * j] = from[i][j];
            woven[2 * j + 1] = from[i + SIDE / 2][j];
        }
    }
}

/* One block, of at most SIDE a side; `rows` and `columns` are those of the whole. */
static inline void turn(size_t high, size_t wide, size_t rows, size_t columns, const uint16_t *restrict from,
                        uint16_t *restrict to) {
    block a, b;
    for (size_t i = 0; i < high; i++) memcpy(a[i], from + i * columns, wide * sizeof(uint16_t));
    shuffle(a, b);
    shuffle(b, a);
    shuffle(a, b);
    shuffle(b, a);
    shuffle(a, b);
    for (size_t j = 0; j < wide; j++) memcpy(to + j * rows, b[j], high * sizeof(uint16_t));
}

/* from [rows][columns] -> to [columns][rows] */
void transpose(size_t rows, size_t columns, const uint16_t *restrict from, uint16_t *restrict to) {
    for (size_t r = 0; r < rows; r += SIDE) {
        for (size_t c = 0; c < columns; c += SIDE) {
            const uint16_t *corner = from + r * columns + c;
            uint16_t *turned = to + c * rows + r;
            size_t high = rows - r, wide = columns - c;
            if (high >= SIDE && wide >= SIDE)
                turn(SIDE, SIDE, rows, columns, corner, turned); /* sizes known: copied at once */
            else
                turn(high < SIDE ? high : SIDE, wide < SIDE ? wide : SIDE, rows, columns, corner, turned);
        }
    }
}
