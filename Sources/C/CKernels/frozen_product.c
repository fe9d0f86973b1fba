#include "frozen_panels.h"
#include "parallel.h"

// A product is computed in tiles whose operands lie in panels (panel_tile.h). Forward, the weight's outputs are the rows of
// a tile and tokens its columns, so that the result is transposed at the end; backward, tokens are the rows and the
// weight's inputs the columns. In both directions the sum is taken in parts of 256 elements, in order: the bits of a
// result depend neither on the number of threads nor on the other rows of x.

// Rows and columns of results that a thread keeps until their sums are complete. With a part of 256 elements, the rows'
// operand takes 256 KiB (f32): half of a small second level of cache. A row is longer than its columns, since rows at
// multiples of 2 KiB would compete for the same places of the first level.
enum { RESULT_ROWS = 256, RESULT_COLUMNS = 512, RESULT_ROW = RESULT_COLUMNS + 16, PART_PANELS = KERF_BLOCK / KERF_PANEL };

struct run {
    const struct kerf_frozen_product *product;
    kerf_panel_function tile;
    struct kerf_frozen_weight weight;
    bool unpacked;     // the weight is converted to f32 before it is multiplied
    long per_element;  // numbers in an element of the tiles: 2 for pairs
    const void *x;     // in panels
    const void *base;
    void *y;
    char *memory;      // of all threads
    size_t thread_bytes;
};

static long inner_width(const struct kerf_frozen_product *p) { return p->forward ? p->inputs : p->outputs; }
static bool multiplies_pairs(const struct kerf_frozen_product *p) {
    return p->source == KERF_BF16 && p->weight == KERF_WEIGHT_BF16 && p->pairs;
}
static bool unpacks(const struct kerf_frozen_product *p) {
    return p->weight != KERF_WEIGHT_F32 && !multiplies_pairs(p);
}
static size_t element_bytes(const struct kerf_frozen_product *p) { return multiplies_pairs(p) ? 2 : 4; }

static size_t x_bytes(const struct kerf_frozen_product *p) {
    return (size_t)kerf_round_up(p->rows, KERF_PANEL) * (size_t)kerf_round_up(inner_width(p), KERF_PANEL)
        * element_bytes(p);
}

static size_t unpacked_bytes(const struct kerf_frozen_product *p) {
    if (!unpacks(p)) return 0;
    return (p->forward ? RESULT_ROWS : KERF_PANEL) * KERF_BLOCK * sizeof(float);
}

static size_t results_bytes(void) { return (RESULT_ROWS + 16) * RESULT_ROW * sizeof(float); }

size_t kerf_frozen_scratch_bytes(int threads, const struct kerf_frozen_product *p) {
    return (size_t)kerf_round_up((long)x_bytes(p), 64) + (size_t)threads * (results_bytes() + unpacked_bytes(p));
}

static long tile_count(long rows) { return (rows + KERF_TILE_ROWS - 1) / KERF_TILE_ROWS; }

// Part of the weight that is multiplied next. It comes from memory while the part before it is multiplied.
struct next_part {
    const char *at;
    long lines;  // left to fetch
    long tiles;  // left to run
};

// Runs the tiles of `rows` rows, as equal as they can be, with the columns of one V.
static void run_tiles(const struct run *run, struct kerf_panel_tile tile, long rows, long a_row,
                      struct next_part *next) {
    const char *a = tile.a;
    float *c = tile.c;
    const long count = tile_count(rows);
    for (long index = 0; index < count; index++) {
        const long steps = next->tiles-- * tile.panels;
        tile.ahead = next->at;
        tile.ahead_lines = (int)((next->lines + steps - 1) / steps);
        next->at += 64 * tile.ahead_lines * tile.panels;
        next->lines -= kerf_least(next->lines, tile.ahead_lines * tile.panels);
        const long begin = rows * index / count, end = rows * (index + 1) / count;
        tile.a = a + begin * a_row;
        tile.c = c + begin * tile.c_row;
        run->tile(&tile, (int)(end - begin));
    }
}

// Bytes of `panels` panels of `outputs` outputs.
static long weight_bytes(const struct run *run, long outputs, long panels) {
    const struct kerf_weight_unit unit = kerf_weight_unit(run->weight.format);
    return outputs * panels * KERF_PANEL * unit.bytes / unit.inputs;
}

static void *y_at(const struct run *run, const void *y, long row, long column, long width) {
    return y ? (char *)y + (row * width + column) * (long)kerf_format_bytes(run->product->destination) : NULL;
}

// y[all rows, begin ..< end]
static void run_forward(const struct run *run, long begin, long end, float *results, float *unpacked) {
    const struct kerf_frozen_product *p = run->product;
    const long panels = kerf_round_up(p->inputs, KERF_PANEL) / KERF_PANEL;
    const long row_bytes = KERF_PANEL * (long)element_bytes(p);
    for (long token = 0; token < p->rows; token += RESULT_COLUMNS) {
        const long tokens = kerf_least(RESULT_COLUMNS, p->rows - token);
        for (long output = begin, outputs; output < end; output += outputs) {
            outputs = kerf_least(kerf_least(RESULT_ROWS, end - output), KERF_BLOCK - output % KERF_BLOCK);
            for (long panel = 0; panel < panels; panel += PART_PANELS) {
                const long count = kerf_least(PART_PANELS, panels - panel);
                struct kerf_panel_tile tile = {
                    .panels = count, .a = kerf_unit_at(&run->weight, output, panel),
                    .a_panel = kerf_block_rows(output, p->outputs) * row_bytes, .c_row = RESULT_ROW,
                    .adding = panel > 0};
                if (run->unpacked) {
                    for (long i = 0; i < count; i++)
                        kerf_unpack(&run->weight, output, outputs, panel + i, unpacked + i * outputs * KERF_PANEL);
                    tile.a = unpacked;
                    tile.a_panel = outputs * row_bytes;
                }
                // Blocks of which a thread has a part only are small.
                const bool whole = outputs == kerf_block_rows(output, p->outputs) && panel + count < panels;
                const long later = kerf_least(PART_PANELS, panels - panel - count);
                struct next_part next = {
                    .at = whole ? kerf_unit_at(&run->weight, output, panel + count) : NULL,
                    .lines = whole ? weight_bytes(run, outputs, later) / 64 : 0,
                    .tiles = (tokens + KERF_PANEL - 1) / KERF_PANEL * tile_count(outputs)};
                for (long i = 0; i < tokens; i += KERF_PANEL) {
                    tile.v = (const float *)run->x
                        + kerf_column_offset(token + i, panel * KERF_PANEL, p->rows, p->inputs, run->per_element);
                    tile.c = results + i;
                    run_tiles(run, tile, outputs, row_bytes, &next);
                }
            }
            kerf_add_transposed(tokens, outputs, results, RESULT_ROW, p->destination,
                                y_at(run, run->base, token, output, p->outputs),
                                y_at(run, run->y, token, output, p->outputs), p->outputs);
        }
    }
}

// y[all rows, panels begin ..< end]
static void run_backward(const struct run *run, long begin, long end, float *results, float *unpacked) {
    const struct kerf_frozen_product *p = run->product;
    const long row_bytes = KERF_PANEL * (long)element_bytes(p);
    const long columns_at_once = RESULT_COLUMNS / KERF_PANEL;
    for (long first = begin; first < end; first += columns_at_once) {
        const long columns = kerf_least(columns_at_once, end - first);
        for (long token = 0; token < p->rows; token += RESULT_ROWS) {
            const long tokens = kerf_least(RESULT_ROWS, p->rows - token);
            for (long output = 0; output < p->outputs; output += KERF_BLOCK) {
                const long outputs = kerf_block_rows(output, p->outputs);
                struct kerf_panel_tile tile = {
                    .panels = outputs / KERF_PANEL, .a_panel = p->rows * row_bytes, .c_row = RESULT_ROW,
                    .adding = output > 0};
                tile.a = (const char *)run->x + (output / KERF_PANEL * p->rows + token) * row_bytes;
                for (long i = 0; i < columns; i++) {
                    tile.v = unpacked;
                    if (run->unpacked) kerf_unpack(&run->weight, output, outputs, first + i, unpacked);
                    else tile.v = kerf_unit_at(&run->weight, output, first + i);
                    tile.c = results + i * KERF_PANEL;
                    const bool fetches = i + 1 < columns && kerf_begins_unit(&run->weight, first + i + 1);
                    struct next_part next = {
                        .at = fetches ? kerf_unit_at(&run->weight, output, first + i + 1) : NULL,
                        .lines = fetches ? outputs * kerf_weight_unit(p->weight).bytes / 64 : 0,
                        .tiles = tile_count(tokens)};
                    run_tiles(run, tile, tokens, row_bytes, &next);
                }
            }
            const long column = first * KERF_PANEL;
            kerf_add_rows(tokens, kerf_least(columns * KERF_PANEL, p->inputs - column), results, RESULT_ROW,
                          p->destination, y_at(run, run->base, token, column, p->inputs),
                          y_at(run, run->y, token, column, p->inputs), p->inputs);
        }
    }
}

static void run_part(void *context, int thread, int threads) {
    const struct run *run = context;
    const struct kerf_frozen_product *p = run->product;
    float *results = (float *)(run->memory + (size_t)thread * run->thread_bytes);
    float *unpacked = (float *)((char *)results + results_bytes());
    if (p->forward) {
        run_forward(run, p->outputs * thread / threads, p->outputs * (thread + 1) / threads, results, unpacked);
    } else {
        const long panels = kerf_round_up(p->inputs, KERF_PANEL) / KERF_PANEL;
        run_backward(run, panels * thread / threads, panels * (thread + 1) / threads, results, unpacked);
    }
}

void kerf_frozen_run(int threads, const struct kerf_frozen_product *p, const void *x, const void *weight,
                     const void *base, void *y, void *scratch) {
    const bool pairs = multiplies_pairs(p);
    struct run run = {
        .product = p, .weight = {p->outputs, p->inputs, p->weight, weight}, .unpacked = unpacks(p),
        .per_element = pairs ? 2 : 1, .x = scratch, .base = base, .y = y,
        .memory = (char *)scratch + kerf_round_up((long)x_bytes(p), 64),
        .thread_bytes = results_bytes() + unpacked_bytes(p)};
    const struct kerf_panel_functions *functions = kerf_panel_functions();
    run.tile = !pairs ? functions->f32 : p->forward ? functions->bf16 : functions->bf16_weight;
    if (p->forward) kerf_column_panels(threads, p->rows, p->inputs, p->source, !pairs, x, scratch);
    else kerf_row_panels(threads, p->rows, p->outputs, p->source, !pairs, x, scratch);
    kerf_parallel(threads, run_part, &run);
}
