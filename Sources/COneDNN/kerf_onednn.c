#include "kerf_onednn.h"
int kerf_onednn_placeholder; 
