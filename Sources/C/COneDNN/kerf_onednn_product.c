#include "kerf_onednn_product.h"

#include <dnnl.h>
#include <stdlib.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t description;      // an owned handle
typedef const_dnnl_memory_desc_t borrowed;
#else
typedef dnnl_memory_desc_t description;      // a plain structure
typedef const dnnl_memory_desc_t *borrowed;
#endif

// libgomp's. The setting belongs to the calling thread, so it is made before each product.
extern void omp_set_num_threads(int threads);

// The primitives differ in a post-operation only; their weight has one layout. The base is y itself or another matrix:
// oneDNN has an operation for each.
enum mode { WRITING, ADDING_TO_Y, ADDING_OTHER, MODES };

struct kerf_onednn_product {
    struct kerf_onednn_shape shape;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t descriptions[MODES];
    dnnl_primitive_t primitives[MODES];
    dnnl_memory_t source, weight, destination, base, scratch;
    size_t weight_bytes, scratch_bytes;
};

#define TRY(call)                                        \
    do {                                                 \
        const dnnl_status_t status_ = (call);            \
        if (status_ != dnnl_success) return (int)status_; \
    } while (0)

static dnnl_data_type_t type_of(enum kerf_onednn_format format) {
    return format == KERF_ONEDNN_BF16 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_status_t describe(description *d, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_tag(d, 2, dims, type, tag);
#else
    return dnnl_memory_desc_init_by_tag(d, 2, dims, type, tag);
#endif
}

#if DNNL_VERSION_MAJOR >= 3
#define BORROW(d) (d)
static void forget(description *d) { dnnl_memory_desc_destroy(*d); }
#else
#define BORROW(d) (&(d))
static void forget(description *d) { (void)d; }
#endif

static dnnl_status_t attributes(dnnl_primitive_attr_t *attr, enum mode mode, borrowed base) {
    dnnl_status_t status = dnnl_primitive_attr_create(attr);
    if (status != dnnl_success) return status;
    status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (status != dnnl_success || mode == WRITING) return status;
    dnnl_post_ops_t ops;
    if ((status = dnnl_post_ops_create(&ops)) != dnnl_success) return status;
    if (mode == ADDING_OTHER) {
        status = dnnl_post_ops_append_binary(ops, dnnl_binary_add, base);
    } else {
#if DNNL_VERSION_MAJOR >= 3
        status = dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
#else
        status = dnnl_post_ops_append_sum(ops, 1.0f);
#endif
    }
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attr, ops);
    dnnl_post_ops_destroy(ops);
    return status;
}

static dnnl_status_t describe_matmul(dnnl_primitive_desc_t *result, dnnl_engine_t engine, borrowed source,
                                     borrowed weight, borrowed destination, enum mode mode) {
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t status = attributes(&attr, mode, destination);
    if (status == dnnl_success) {
#if DNNL_VERSION_MAJOR >= 3
        status = dnnl_matmul_primitive_desc_create(result, engine, source, weight, NULL, destination, attr);
#else
        dnnl_matmul_desc_t operation;
        status = dnnl_matmul_desc_init(&operation, source, weight, NULL, destination);
        if (status == dnnl_success) status = dnnl_primitive_desc_create(result, &operation, attr, engine, NULL);
#endif
    }
    if (attr) dnnl_primitive_attr_destroy(attr);
    return status;
}

static int create(kerf_onednn_product *p) {
    const struct kerf_onednn_shape *s = &p->shape;
    TRY(dnnl_engine_create(&p->engine, dnnl_cpu, 0));
    TRY(dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags));
    const dnnl_dims_t source_dims = {s->m, s->k}, weight_dims = {s->k, s->n}, destination_dims = {s->m, s->n};
    description source, weight, destination;
    TRY(describe(&source, source_dims, type_of(s->source), dnnl_ab));
    TRY(describe(&destination, destination_dims, type_of(s->destination), dnnl_ab));
    TRY(describe(&weight, weight_dims, type_of(s->source),
                 s->packed ? dnnl_format_tag_any : s->transposed ? dnnl_ba : dnnl_ab));

    // The primitive that adds to y chooses the layout; the others use it too.
    dnnl_status_t status = describe_matmul(&p->descriptions[ADDING_TO_Y], p->engine, BORROW(source), BORROW(weight),
                                           BORROW(destination), ADDING_TO_Y);
    borrowed chosen = NULL;
    if (status == dnnl_success)
        chosen = dnnl_primitive_desc_query_md(p->descriptions[ADDING_TO_Y], dnnl_query_weights_md, 0);
    for (int mode = 0; mode < MODES && status == dnnl_success; mode++) {
        if (mode != ADDING_TO_Y)
            status = describe_matmul(&p->descriptions[mode], p->engine, BORROW(source), chosen, BORROW(destination),
                                     mode);
        if (status == dnnl_success) status = dnnl_primitive_create(&p->primitives[mode], p->descriptions[mode]);
        if (status != dnnl_success) break;
        const size_t bytes =
            dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(p->descriptions[mode], dnnl_query_scratchpad_md, 0));
        if (bytes > p->scratch_bytes) p->scratch_bytes = bytes;
    }
    if (status == dnnl_success) {
        p->weight_bytes = dnnl_memory_desc_get_size(chosen);
        status = dnnl_memory_create(&p->source, BORROW(source), p->engine, DNNL_MEMORY_NONE);
    }
    if (status == dnnl_success) status = dnnl_memory_create(&p->weight, chosen, p->engine, DNNL_MEMORY_NONE);
    if (status == dnnl_success)
        status = dnnl_memory_create(&p->destination, BORROW(destination), p->engine, DNNL_MEMORY_NONE);
    if (status == dnnl_success)
        status = dnnl_memory_create(&p->base, BORROW(destination), p->engine, DNNL_MEMORY_NONE);
    if (status == dnnl_success) {
        const dnnl_dims_t dims = {1, (dnnl_dim_t)(p->scratch_bytes ? p->scratch_bytes : 1)};
        description scratch;
        status = describe(&scratch, dims, dnnl_u8, dnnl_ab);
        if (status == dnnl_success) {
            status = dnnl_memory_create(&p->scratch, BORROW(scratch), p->engine, DNNL_MEMORY_NONE);
            forget(&scratch);
        }
    }
    forget(&source);
    forget(&weight);
    forget(&destination);
    return (int)status;
}

int kerf_onednn_product_create(kerf_onednn_product **product, const struct kerf_onednn_shape *shape, int threads) {
    kerf_onednn_product *p = calloc(1, sizeof *p);
    if (!p) return dnnl_out_of_memory;
    p->shape = *shape;
    // A primitive divides its work for the number of threads that is set when it is created.
    omp_set_num_threads(threads);
    const int status = create(p);
    if (status != 0) {
        kerf_onednn_product_destroy(p);
        return status;
    }
    *product = p;
    return 0;
}

void kerf_onednn_product_destroy(kerf_onednn_product *p) {
    if (!p) return;
    const dnnl_memory_t memories[] = {p->source, p->weight, p->destination, p->base, p->scratch};
    for (int i = 0; i < 5; i++)
        if (memories[i]) dnnl_memory_destroy(memories[i]);
    for (int i = 0; i < MODES; i++) {
        if (p->primitives[i]) dnnl_primitive_destroy(p->primitives[i]);
        if (p->descriptions[i]) dnnl_primitive_desc_destroy(p->descriptions[i]);
    }
    if (p->stream) dnnl_stream_destroy(p->stream);
    if (p->engine) dnnl_engine_destroy(p->engine);
    free(p);
}

const char *kerf_onednn_implementation(const kerf_onednn_product *p) {
    const char *name = "";
    dnnl_primitive_desc_query(p->descriptions[ADDING_TO_Y], dnnl_query_impl_info_str, 0, &name);
    return name;
}

size_t kerf_onednn_weight_bytes(const kerf_onednn_product *p) { return p->weight_bytes; }
size_t kerf_onednn_scratch_bytes(const kerf_onednn_product *p) { return p->scratch_bytes; }

int kerf_onednn_pack(const kerf_onednn_product *p, const float *weight, void *packed) {
    const dnnl_dims_t dims = {p->shape.k, p->shape.n};
    description plain;
    TRY(describe(&plain, dims, dnnl_f32, p->shape.transposed ? dnnl_ba : dnnl_ab));
    borrowed chosen = dnnl_primitive_desc_query_md(p->descriptions[ADDING_TO_Y], dnnl_query_weights_md, 0);
    dnnl_primitive_desc_t reorder_description = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_memory_t from = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&reorder_description, BORROW(plain), p->engine, chosen,
                                                              p->engine, NULL);
    if (status == dnnl_success) status = dnnl_primitive_create(&reorder, reorder_description);
    if (status == dnnl_success)
        status = dnnl_memory_create(&from, BORROW(plain), p->engine, (void *)weight);
    if (status == dnnl_success) status = dnnl_memory_set_data_handle(p->weight, packed);
    if (status == dnnl_success) {
        const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, p->weight}};
        status = dnnl_primitive_execute(reorder, p->stream, 2, arguments);
    }
    if (status == dnnl_success) status = dnnl_stream_wait(p->stream);
    if (from) dnnl_memory_destroy(from);
    if (reorder) dnnl_primitive_destroy(reorder);
    if (reorder_description) dnnl_primitive_desc_destroy(reorder_description);
    forget(&plain);
    return (int)status;
}

int kerf_onednn_product_run(const kerf_onednn_product *p, int threads, const void *x, const void *packed,
                            const void *base, void *y, void *scratch) {
    const enum mode mode = !base ? WRITING : base == y ? ADDING_TO_Y : ADDING_OTHER;
    omp_set_num_threads(threads);
    TRY(dnnl_memory_set_data_handle(p->source, (void *)x));
    TRY(dnnl_memory_set_data_handle(p->weight, (void *)packed));
    TRY(dnnl_memory_set_data_handle(p->destination, y));
    TRY(dnnl_memory_set_data_handle(p->base, (void *)base));
    TRY(dnnl_memory_set_data_handle(p->scratch, scratch));
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, p->source},
                                         {DNNL_ARG_WEIGHTS, p->weight},
                                         {DNNL_ARG_DST, p->destination},
                                         {DNNL_ARG_SCRATCHPAD, p->scratch},
                                         {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, p->base}};
    return (int)dnnl_primitive_execute(p->primitives[mode], p->stream, mode == ADDING_OTHER ? 5 : 4, arguments);
}
