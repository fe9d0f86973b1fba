// A stand-in for NVIDIA's management library: the same calls, answered from numbers that a test sets.
//
// kerf_stub_set names what the calls answer. In a process of its own, KERF_NVML_STUB="gpus=2,milliwatts=71500" does, and
// where the fault library is preloaded too, `energy` and `gone` begin when its faults do.

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, GPU_IS_LOST = 15 };

/// Of the fault library; absent without it.
extern int kerf_fault_has_begun(void) __attribute__((weak));

static unsigned gpus = 1;
/// Energy at the start of the clock, and the power since then: real counters step every 20 milliseconds.
static unsigned long long millijoules = 5000, milliwatts;
static int init_result, energy_result;
/// What a GPU draws as it says, in milliwatts.
static unsigned draw = 71500;
/// How many GPUs have fallen off the bus once faults have begun.
static unsigned gone;
static int started;

static int is_faulty(void) { return !kerf_fault_has_begun || kerf_fault_has_begun(); }

// Handles are addresses: 0 is no device.
static char devices[64];

void kerf_stub_set(const char *name, long long value) {
    if (!strcmp(name, "gpus")) gpus = (unsigned)value;
    if (!strcmp(name, "millijoules")) millijoules = (unsigned long long)value;
    if (!strcmp(name, "init")) init_result = (int)value;
    if (!strcmp(name, "milliwatts")) milliwatts = (unsigned long long)value;
    if (!strcmp(name, "draw")) draw = (unsigned)value;
    if (!strcmp(name, "energy")) energy_result = (int)value;
    if (!strcmp(name, "gone")) gone = (unsigned)value;
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
    if (index + (is_faulty() ? gone : 0) >= gpus || index >= sizeof devices) return INVALID_ARGUMENT;
    *device = &devices[index];
    return SUCCESS;
}

int nvmlDeviceGetName(void *device, char *name, unsigned length) {
    if (!device || length < 8) return INVALID_ARGUMENT;
    strcpy(name, "Stub\033G");
    return SUCCESS;
}

// GPU-00000000-0000-0000-0000-000000000000, the last digit that of the GPU.
int nvmlDeviceGetUUID(void *device, char *uuid, unsigned length) {
    if (!device || length < 41) return INVALID_ARGUMENT;
    strcpy(uuid, "GPU-00000000-0000-0000-0000-000000000000");
    uuid[39] = (char)('0' + ((char *)device - devices) % 10);
    return SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *energy) {
    if (energy_result > 0 && is_faulty()) return energy_result;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned long long steps = (unsigned long long)now.tv_sec * 50 + (unsigned long long)now.tv_nsec / 20000000;
    // The second GPU has drawn a joule more than the first, and so on.
    *energy = millijoules + milliwatts * steps / 50 + 1000ull * (unsigned long long)((char *)device - devices);
    // A negative result stands for an answer that is no energy.
    if (energy_result < 0 && is_faulty()) *energy = energy_result == -1 ? ~0ull : 1;
    return SUCCESS;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
    (void)device;
    *milliwatts = draw;
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
