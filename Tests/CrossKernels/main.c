#include "check.h"
#include "groups.h"

#include <math.h>
#include <stdio.h>

// What the comparisons themselves must notice: else no check of a kernel could fail.
void check_checks(void) {
    check_case("comparisons");
    float result[] = {1, 2, 3};
    const double expected[] = {1, 2, 3};
    check_that("equal numbers have no error", check_largest_error(3, result, expected) == 0);
    result[1] = 2.003f;
    check_that("one number of three differs", fabs(check_largest_error(3, result, expected) - 0.001) < 1e-6);
    result[1] = NAN;
    check_that("NaN is an error", check_largest_error(3, result, expected) == INFINITY);
    check_that("memory is filled with NaN", isnan(*check_floats(1)));
    check_that("values differ", check_values(2, 1)[0] != check_values(2, 2)[0]);
}

int main(void) {
    static const struct check_group groups[] = {
        {"comparisons", check_checks},   {"threads", check_threads},   {"elementwise", check_elementwise},
        {"optimizer", check_optimizer},  {"layers", check_layers},     {"frozen products", check_products},
        {"quantized", check_quantized},  {"low rank", check_low_rank}, {"attention", check_attention},
        {"fleet", check_fleet},
    };
    printf("  products by");
    for (int set = 0; set < kerf_instruction_set_count(); set++) printf(" %s", kerf_instruction_set_name(set));
    printf("\n");
    int failures = 0;
    for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++) failures += check_run(&groups[i]);
    printf("  %s\n", failures ? "FAILED" : "no failures");
    return failures ? 1 : 0;
}
