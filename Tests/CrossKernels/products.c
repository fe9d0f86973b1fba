#include "check.h"
#include "groups.h"

#include <string.h>

struct shape {
    long rows, outputs, inputs;
};

static const struct shape shapes[] = {
    {1, 1, 1},
    {5, 64, 64},
    {33, 70, 130},
    // More than a panel of rows (64), a block of outputs (256), and a part of a sum (256).
    {70, 66, 70},
    {3, 260, 40},
    {2, 40, 300},
};

// Paths that all instruction sets share.
static const struct shape large_shapes[] = {
    {3, 300, 600},
    {70, 280, 300},
};

// More rows than a thread keeps: 512 forward, 256 backward.
static const struct shape many_rows = {530, 35, 33};

// Weight, x and base of a case, and what the kernel gets of them.
struct operands {
    struct kerf_frozen_product product;
    long inner, width;
    const void *x, *packed;
    float *base;             // values that bf16 holds
    const void *narrow_base; // in bf16
    double *expected;        // without the base
};

static enum kerf_weight_format weight_format(enum kerf_format format) {
    return format == KERF_BF16 ? KERF_WEIGHT_BF16 : KERF_WEIGHT_F32;
}

static void make_operands(struct operands *o) {
    const struct kerf_frozen_product *p = &o->product;
    const long weights = p->outputs * p->inputs;
    o->inner = p->forward ? p->inputs : p->outputs;
    o->width = p->forward ? p->outputs : p->inputs;
    float *weight = check_values(weights, 1), *x = check_values(p->rows * o->inner, 2);
    void *packed = check_memory(kerf_frozen_weight_bytes(p->outputs, p->inputs, p->weight));
    kerf_frozen_pack(3, p->outputs, p->inputs, p->weight, 0, p->outputs, weight, packed);
    o->packed = packed;
    check_stored(weights, weight, p->source);
    o->x = check_stored(p->rows * o->inner, x, p->source);
    o->base = check_values(p->rows * o->width, 3);
    o->narrow_base = check_stored(p->rows * o->width, o->base, KERF_BF16);
    o->expected = check_doubles(p->rows * o->width);
    const long output_step = p->forward ? p->inputs : 1, inner_step = p->forward ? 1 : p->inputs;
    for (long row = 0; row < p->rows; row++)
        for (long i = 0; i < o->width; i++) {
            double sum = 0;
            for (long j = 0; j < o->inner; j++)
                sum += (double)x[row * o->inner + j] * weight[i * output_step + j * inner_step];
            o->expected[row * o->width + i] = sum;
        }
}

enum base { NOTHING, ELSEWHERE, ITSELF };

// y of the first rows, in a format.
static void *run(const struct operands *o, long rows, int threads, enum base base, enum kerf_format format) {
    struct kerf_frozen_product product = o->product;
    product.rows = rows;
    product.destination = format;
    const size_t bytes = (size_t)(rows * o->width) * check_format_bytes(format);
    const void *before = format == KERF_F32 ? o->base : o->narrow_base;
    void *y = check_memory(bytes), *scratch = check_memory(kerf_frozen_scratch_bytes(threads, &product));
    if (base == ITSELF) memcpy(y, before, bytes);
    kerf_frozen_run(threads, &product, o->x, o->packed, base == NOTHING ? NULL : base == ITSELF ? y : before, y,
                    scratch);
    return y;
}

static void product(const struct shape *shape, bool forward, enum kerf_format format, int set) {
    check_case("%s by %s, %ld rows, weight %ld x %ld, %s", check_format_name(format), kerf_instruction_set_name(set),
               shape->rows, shape->outputs, shape->inputs, forward ? "forward" : "backward");
    struct operands o = {
        .product = {shape->rows, shape->outputs, shape->inputs, forward, format, KERF_F32, weight_format(format), set}};
    make_operands(&o);
    const long rows = shape->rows, count = rows * o.width;
    const size_t bytes = (size_t)count * sizeof(float);
    const double limit = 2e-6;

    const float *bare = run(&o, rows, 1, NOTHING, KERF_F32), *based = run(&o, rows, 1, ELSEWHERE, KERF_F32);
    check_close("y = x W", count, bare, o.expected, limit);
    for (long i = 0; i < count; i++) o.expected[i] += o.base[i];
    check_close("y = base + x W", count, based, o.expected, limit);
    check_same("base is y itself", bytes, run(&o, rows, 1, ITSELF, KERF_F32), based);
    check_same("3 threads", bytes, run(&o, rows, 3, NOTHING, KERF_F32), bare);
    check_same("3 threads, base is y itself", bytes, run(&o, rows, 3, ITSELF, KERF_F32), based);
    const long fewer[] = {1, 15, rows - 1};
    for (int i = 0; i < 3; i++)
        if (fewer[i] > 0 && fewer[i] < rows)
            check_same("fewer rows", (size_t)(fewer[i] * o.width) * sizeof(float),
                       run(&o, fewer[i], 2, NOTHING, KERF_F32), bare);

    // The result is rounded once, at the end.
    uint16_t *rounded = check_memory((size_t)count * sizeof *rounded);
    for (long i = 0; i < count; i++) rounded[i] = check_bf16(bare[i]);
    check_same("y in bf16", bytes / 2, run(&o, rows, 3, NOTHING, KERF_BF16), rounded);
    for (long i = 0; i < count; i++) rounded[i] = check_bf16(based[i]);
    check_same("y in bf16, base elsewhere", bytes / 2, run(&o, rows, 1, ELSEWHERE, KERF_BF16), rounded);
    check_same("y in bf16, base is y itself", bytes / 2, run(&o, rows, 3, ITSELF, KERF_BF16), rounded);
}

static void both_directions(const struct shape *shape, int set) {
    for (int forward = 0; forward <= 1; forward++) {
        product(shape, forward, KERF_F32, set);
        product(shape, forward, KERF_BF16, set);
    }
}

static void gather(enum kerf_format format) {
    enum { VOCABULARY = 300, WIDTH = 70, ROWS = 6 };
    check_case("rows of an embedding, %s", check_format_name(format));
    float *values = check_values(VOCABULARY * WIDTH, 4), *y = check_floats(ROWS * WIDTH);
    const enum kerf_weight_format weight = weight_format(format);
    void *packed = check_memory(kerf_frozen_weight_bytes(VOCABULARY, WIDTH, weight));
    // In parts that end within a block and at one's end.
    kerf_frozen_pack(2, VOCABULARY, WIDTH, weight, 0, 100, values, packed);
    kerf_frozen_pack(2, VOCABULARY, WIDTH, weight, 100, 156, values + 100 * WIDTH, packed);
    kerf_frozen_pack(2, VOCABULARY, WIDTH, weight, 256, VOCABULARY - 256, values + 256 * WIDTH, packed);
    check_stored(VOCABULARY * WIDTH, values, format);
    const int32_t tokens[ROWS] = {0, 255, 256, 299, 7, 7};
    kerf_frozen_gather(3, ROWS, VOCABULARY, WIDTH, weight, packed, tokens, y);
    for (long row = 0; row < ROWS; row++)
        check_same("row", WIDTH * sizeof *y, y + row * WIDTH, values + tokens[row] * WIDTH);
}

void check_products(void) {
    for (int set = 0; set < kerf_instruction_set_count(); set++)
        for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) both_directions(&shapes[i], set);
    for (unsigned i = 0; i < sizeof large_shapes / sizeof *large_shapes; i++) both_directions(&large_shapes[i], 0);
    both_directions(&many_rows, 0);
    both_directions(&many_rows, kerf_instruction_set_count() - 1);
    gather(KERF_F32);
    gather(KERF_BF16);
}
