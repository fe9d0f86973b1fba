// A stand-in for NVIDIA's management library: the same calls, answered from numbers that a test sets.
//
// kerf_stub_set names what the calls answer. In a process of its own, KERF_NVML_STUB="gpus=2,millijoules=5000" does.

#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, GPU_IS_LOST = 15 };

static unsigned gpus = 1;
static unsigned long long millijoules = 5000;
static int init_result, energy_result;
static int started;

// Handles are addresses: 0 is no device.
static char devices[64];

void kerf_stub_set(const char *name, long long value) {
    if (!strcmp(name, "gpus")) gpus = (unsigned)value;
    if (!strcmp(name, "millijoules")) millijoules = (unsigned long long)value;
    if (!strcmp(name, "init")) init_result = (int)value;
    if (!strcmp(name, "energy")) energy_result = (int)value;
}

/// How often the library was started and not yet shut down.
int kerf_stub_started(void) { return started; }

static void read_environment(void) {
    const char *text = getenv("KERF_NVML_STUB");
    while (text && *text) {
        const char *equals = strchr(text, '=');
        if (!equals || equals - text > 31) return;
        char name[32] = {0};
        memcpy(name, text, (size_t)(equals - text));
        kerf_stub_set(name, strtoll(equals + 1, NULL, 10));
        text = strchr(equals, ',');
        if (text) text++;
    }
}

int nvmlInit_v2(void) {
    read_environment();
    if (init_result == SUCCESS) started++;
    return init_result;
}

int nvmlShutdown(void) {
    if (!started) return UNINITIALIZED;
    started--;
    return SUCCESS;
}

const char *nvmlErrorString(int result) {
    switch (result) {
        case SUCCESS: return "Success";
        case NOT_SUPPORTED: return "Not Supported";
        case NO_PERMISSION: return "Insufficient Permissions";
        case GPU_IS_LOST: return "GPU is lost";
        default: return "Stubbed\nerror";
    }
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    if (!started) return UNINITIALIZED;
    *count = gpus;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (!started) return UNINITIALIZED;
    if (index >= gpus || index >= sizeof devices) return INVALID_ARGUMENT;
    *device = &devices[index];
    return SUCCESS;
}

int nvmlDeviceGetName(void *device, char *name, unsigned length) {
    if (!device || length < 8) return INVALID_ARGUMENT;
    strcpy(name, "Stub\033G");
    return SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *energy) {
    if (energy_result) return energy_result;
    // The second GPU has drawn a joule more than the first, and so on.
    *energy = millijoules + 1000ull * (unsigned long long)((char *)device - devices);
    return SUCCESS;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
    (void)device;
    *milliwatts = 71500;
    return SUCCESS;
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *degrees) {
    (void)device;
    if (sensor != 0) return INVALID_ARGUMENT;
    *degrees = 41;
    return SUCCESS;
}

int nvmlDeviceGetClockInfo(void *device, int clock, unsigned *megahertz) {
    (void)device;
    if (clock != 1) return INVALID_ARGUMENT;
    *megahertz = 1980;
    return SUCCESS;
}
