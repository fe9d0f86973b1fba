#pragma once

// The subjects, a file each.
void check_checks(void);
void check_threads(void);
void check_elementwise(void);
void check_optimizer(void);
void check_layers(void);
void check_products(void);
void check_quantized(void);
void check_low_rank(void);
void check_attention(void);
void check_fleet(void);
