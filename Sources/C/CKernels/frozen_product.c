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
    const struct kerf_instruction_set *set;
    struct kerf_panel_multiply multiply;
    struct kerf_frozen_weight weight;
    bool unpacks;      // the weight is unpacked before it is multiplied
    enum kerf_unpacked form;
    long element;      // bytes of a number in the tiles
    long v_column;     // bytes from a column of V to the next: of an f32, of a pair, or of a weight's bf16
    const void *x;     // in panels
    const void *base;
    void *y;
    char *memory;      // of all threads
    size_t thread_bytes;
};

static long inner_width(const struct kerf_frozen_product *p) { return p->forward ? p->inputs : p->outputs; }

// Whether x and W are multiplied in pairs of bf16.
static bool multiplies_pairs(const struct kerf_frozen_product *p) {
    return p->source == KERF_BF16 && p->weight != KERF_WEIGHT_F32 && kerf_instruction_set_has_pairs(p->instruction_set);
}

// Whether the weight is unpacked before it is multiplied, and to what.
static bool unpacks(const struct kerf_frozen_product *p, enum kerf_unpacked *form) {
    if (!multiplies_pairs(p)) {
        *form = p->source == KERF_BF16 ? KERF_UNPACKED_ROUNDED : KERF_UNPACKED_F32;
        // Widening changes no bit of bf16.
        if (p->weight == KERF_WEIGHT_BF16) *form = KERF_UNPACKED_F32;
        return p->weight != KERF_WEIGHT_F32;
    }
    *form = p->forward ? KERF_UNPACKED_BF16 : KERF_UNPACKED_PAIRS;
    if (p->weight != KERF_WEIGHT_BF16) return true;
    return !p->forward && !kerf_instruction_set(p->instruction_set)->bf16_weight.run;
}

static size_t element_bytes(const struct kerf_frozen_product *p) { return multiplies_pairs(p) ? 2 : 4; }

static size_t x_bytes(const struct kerf_frozen_product *p) {
    return (size_t)kerf_round_up(p->rows, KERF_PANEL) * (size_t)kerf_round_up(inner_width(p), KERF_PANEL)
        * element_bytes(p);
}

static size_t unpacked_bytes(const struct kerf_frozen_product *p) {
    enum kerf_unpacked form;
    if (!unpacks(p, &form)) return 0;
    return (p->forward ? RESULT_ROWS : KERF_PANEL) * KERF_BLOCK * element_bytes(p);
}

static size_t results_bytes(void) { return (RESULT_ROWS + 16) * RESULT_ROW * sizeof(float); }

size_t kerf_frozen_scratch_bytes(int threads, const struct kerf_frozen_product *p) {
    return (size_t)kerf_round_up((long)x_bytes(p), 64) + (size_t)threads * (results_bytes() + unpacked_bytes(p));
}

// Memory that is multiplied next, which comes while the part before it is multiplied.
struct stream {
    const char *at;
    long lines;  // left to fetch
    long steps;  // panels of tiles left to run
};

static struct kerf_fetch fetch(struct stream *stream, long panels) {
    const struct kerf_fetch fetched = {stream->at, (int)((stream->lines + stream->steps - 1) / stream->steps)};
    stream->at += 64 * fetched.lines * panels;
    stream->lines -= kerf_least(stream->lines, fetched.lines * panels);
    stream->steps -= panels;
    return fetched;
}

// Tiles with `rows` rows and one V.
static long tile_count(const struct kerf_panel_multiply *multiply, long rows) {
    return (rows + multiply->rows - 1) / multiply->rows * (KERF_PANEL / multiply->columns);
}

// Runs the tiles of `rows` rows with the columns of one V.
static void run_tiles(const struct run *run, struct kerf_panel_tile tile, long rows, struct stream *weight,
                      struct stream *next_v) {
    const struct kerf_panel_tile first = tile;
    const long a_row = KERF_PANEL * run->element;
    for (long column = 0; column < KERF_PANEL; column += run->multiply.columns)
        for (long row = 0; row < rows; row += run->multiply.rows) {
            tile.weight = fetch(weight, tile.panels);
            tile.next_v = fetch(next_v, tile.panels);
            tile.a = (const char *)first.a + row * a_row;
            tile.v = (const char *)first.v + column * run->v_column;
            tile.c = first.c + row * tile.c_row + column;
            run->multiply.run(&tile, (int)kerf_least(run->multiply.rows, rows - row));
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
static void run_forward(const struct run *run, long begin, long end, float *results, char *unpacked) {
    const struct kerf_frozen_product *p = run->product;
    const long panels = kerf_round_up(p->inputs, KERF_PANEL) / KERF_PANEL;
    const long row_bytes = KERF_PANEL * run->element;
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
                if (run->unpacks) {
                    for (long i = 0; i < count; i++)
                        kerf_unpack(&run->weight, output, outputs, panel + i, run->form,
                                    unpacked + i * outputs * row_bytes);
                    tile.a = unpacked;
                    tile.a_panel = outputs * row_bytes;
                }
                // Blocks of which a thread has a part only are small.
                const bool whole = outputs == kerf_block_rows(output, p->outputs) && panel + count < panels;
                const long later = kerf_least(PART_PANELS, panels - panel - count);
                const long steps = tile_count(&run->multiply, outputs) * count;
                struct stream weight = {
                    .at = whole ? kerf_unit_at(&run->weight, output, panel + count) : NULL,
                    .lines = whole ? weight_bytes(run, outputs, later) / 64 : 0,
                    .steps = (tokens + KERF_PANEL - 1) / KERF_PANEL * steps};
                for (long i = 0; i < tokens; i += KERF_PANEL) {
                    const long v_bytes = count * KERF_PANEL * row_bytes;
                    tile.v = (const char *)run->x
                        + kerf_column_offset(token + i, panel * KERF_PANEL, p->rows, p->inputs) * run->element;
                    tile.c = results + i;
                    // The next V is behind this one, but for the last.
                    struct stream next_v = {
                        .at = (const char *)tile.v + v_bytes, .lines = i + KERF_PANEL < tokens ? v_bytes / 64 : 0,
                        .steps = steps};
                    run_tiles(run, tile, outputs, &weight, &next_v);
                }
            }
            kerf_add_transposed(tokens, outputs, results, RESULT_ROW, p->destination,
                                y_at(run, run->base, token, output, p->outputs),
                                y_at(run, run->y, token, output, p->outputs), p->outputs);
        }
    }
}

// y[all rows, panels begin ..< end]
static void run_backward(const struct run *run, long begin, long end, float *results, char *unpacked) {
    const struct kerf_frozen_product *p = run->product;
    const long row_bytes = KERF_PANEL * run->element;
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
                    if (run->unpacks) kerf_unpack(&run->weight, output, outputs, first + i, run->form, unpacked);
                    else tile.v = kerf_unit_at(&run->weight, output, first + i);
                    tile.c = results + i * KERF_PANEL;
                    const bool fetches = i + 1 < columns && kerf_begins_unit(&run->weight, first + i + 1);
                    const long steps = tile_count(&run->multiply, tokens) * tile.panels;
                    struct stream weight = {
                        .at = fetches ? kerf_unit_at(&run->weight, output, first + i + 1) : NULL,
                        .lines = fetches ? outputs * kerf_weight_unit(p->weight).bytes / 64 : 0, .steps = steps};
                    struct stream next_v = {.steps = steps};
                    run_tiles(run, tile, tokens, &weight, &next_v);
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
    char *unpacked = (char *)results + results_bytes();
    if (run->set->begin) run->set->begin();
    if (p->forward) {
        // Each thread has whole tiles.
        const long rows = run->multiply.rows, tiles = (p->outputs + rows - 1) / rows;
        run_forward(run, tiles * thread / threads * rows,
                    kerf_least(p->outputs, tiles * (thread + 1) / threads * rows), results, unpacked);
    } else {
        const long panels = kerf_round_up(p->inputs, KERF_PANEL) / KERF_PANEL;
        run_backward(run, panels * thread / threads, panels * (thread + 1) / threads, results, unpacked);
    }
    if (run->set->end) run->set->end();
}

void kerf_frozen_run(int threads, const struct kerf_frozen_product *p, const void *x, const void *weight,
                     const void *base, void *y, void *scratch) {
    const bool pairs = multiplies_pairs(p);
    struct run run = {
        .product = p, .set = kerf_instruction_set(p->instruction_set),
        .weight = {p->outputs, p->inputs, p->weight, weight}, .element = (long)element_bytes(p), .x = scratch,
        .base = base, .y = y, .memory = (char *)scratch + kerf_round_up((long)x_bytes(p), 64),
        .thread_bytes = results_bytes() + unpacked_bytes(p)};
    run.unpacks = unpacks(p, &run.form);
    const bool weight_is_v = pairs && !p->forward && !run.unpacks;
    run.multiply = !pairs ? run.set->f32 : weight_is_v ? run.set->bf16_weight : run.set->bf16;
    run.v_column = weight_is_v ? 2 : 4;
    if (p->forward) kerf_column_panels(threads, p->rows, p->inputs, p->source, !pairs, x, scratch);
    else kerf_row_panels(threads, p->rows, p->outputs, p->source, !pairs, x, scratch);
    kerf_parallel(threads, run_part, &run);
}
