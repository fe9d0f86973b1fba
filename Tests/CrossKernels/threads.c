#include "check.h"
#include "groups.h"

enum { MAXIMUM = 4 };

struct calls {
    int count[MAXIMUM], threads[MAXIMUM];
};

static void note(void *context, int thread, int threads) {
    struct calls *calls = context;
    calls->count[thread]++;
    calls->threads[thread] = threads;
}

void check_threads(void) {
    for (int threads = 1; threads <= MAXIMUM; threads++) {
        check_case("%d threads", threads);
        struct calls calls = {{0}, {0}};
        kerf_parallel(threads, note, &calls);
        for (int i = 0; i < MAXIMUM; i++) {
            check_that("each thread runs once", calls.count[i] == (i < threads));
            check_that("each knows their number", calls.threads[i] == (i < threads ? threads : 0));
        }
    }
    check_case("processors");
    check_that("there is one", kerf_processor_count() >= 1);

    check_case("denormals");
    const volatile float small = 1e-39f, one = 1;
    const uint64_t before = kerf_flush_denormals();
    const volatile float flushed = small * one;
    kerf_restore_denormals(before);
    const volatile float kept = small * one;
    check_that("flushed", flushed == 0);
    check_that("kept again", kept == small);

    check_case("rate of the multiply-add units");
    for (int set = 0; set < kerf_instruction_set_count(); set++) {
        check_that("f32", kerf_multiplier_rate(2, set, false, 0) > 0);
        check_that("pairs, where there are instructions",
                   (kerf_multiplier_rate(1, set, true, 0) > 0) == kerf_instruction_set_has_pairs(set));
    }
    check_that("no threads", kerf_multiplier_rate(0, 0, false, 0) == 0);
}
