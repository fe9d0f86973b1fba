#include "kerf_kernels.h"
int kerf_kernels_placeholder; 
