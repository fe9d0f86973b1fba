#define _GNU_SOURCE
#include "parallel.h"

#include <sched.h>
#include <stddef.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

// libgomp's own entry points. Swift's clang has no OpenMP runtime of its own, and a second one in the process would
// compete with oneDNN's threads. These functions are in libgomp's stable interface since GCC 4.9.
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);
extern int omp_get_num_procs(void);
extern int omp_in_parallel(void);

// ThreadSanitizer does not see how libgomp starts and joins its threads, so it is told what happens before what.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KERF_THREAD_SANITIZER 1
#endif
#endif
#ifdef KERF_THREAD_SANITIZER
extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);
static void acquire(void *address) { __tsan_acquire(address); }
static void release(void *address) { __tsan_release(address); }
#else
static void acquire(void *address) { (void)address; }
static void release(void *address) { (void)address; }
#endif

int kerf_processor_count(void) { return omp_get_num_procs(); }

struct pinning {
    cpu_set_t allowed;
    _Atomic int failures;
};

static void pin(void *context, int thread, int threads) {
    struct pinning *pinning = context;
    (void)threads;
    int left = thread;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &pinning->allowed) || left-- > 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        // 0 is the calling thread.
        if (sched_setaffinity(0, sizeof one, &one) == 0) return;
        break;
    }
    pinning->failures++;
}

bool kerf_pin_threads(int threads) {
    struct pinning pinning = {.failures = 0};
    if (sched_getaffinity(0, sizeof pinning.allowed, &pinning.allowed) != 0) return false;
    kerf_parallel(threads, pin, &pinning);
    return pinning.failures == 0;
}

struct binding {
    cpu_set_t allowed;
    _Atomic int failures;
};

static bool make_set(cpu_set_t *set, const int *cpus, int count) {
    CPU_ZERO(set);
    for (int index = 0; index < count; index++) {
        if (cpus[index] < 0 || cpus[index] >= CPU_SETSIZE) return false;
        CPU_SET(cpus[index], set);
    }
    return count > 0;
}

static void bind(void *context, int thread, int threads) {
    struct binding *binding = context;
    (void)thread;
    (void)threads;
    if (sched_setaffinity(0, sizeof binding->allowed, &binding->allowed) != 0) binding->failures++;
}

bool kerf_bind_threads(int threads, const int *cpus, int count) {
    struct binding binding = {.failures = 0};
    if (!make_set(&binding.allowed, cpus, count)) return false;
    kerf_parallel(threads, bind, &binding);
    return binding.failures == 0;
}

bool kerf_may_run_on(const int *cpus, int count) {
    cpu_set_t wanted, before;
    if (!make_set(&wanted, cpus, count) || sched_getaffinity(0, sizeof before, &before) != 0) return false;
    const bool done = sched_setaffinity(0, sizeof wanted, &wanted) == 0;
    sched_setaffinity(0, sizeof before, &before);
    return done;
}

uint64_t kerf_flush_denormals(void) {
#if defined(__x86_64__)
    const unsigned state = _mm_getcsr();
    const unsigned flushed = state | 0x8040;  // flush to zero, denormals are zero
    if (flushed != state) _mm_setcsr(flushed);
    return state;
#elif defined(__aarch64__)
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    __asm__ volatile("msr fpcr, %0" : : "r"(state | (UINT64_C(1) << 24)));
    return state;
#else
    return 0;
#endif
}

void kerf_restore_denormals(uint64_t state) {
#if defined(__x86_64__)
    _mm_setcsr((unsigned)state);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(state));
#else
    (void)state;
#endif
}

struct region {
    void (*body)(void *context, int thread, int threads);
    void *context;
};

static void run_region(void *data) {
    acquire(data);
    const struct region *region = data;
    const int thread = omp_get_thread_num();
    // Thread 0 is the caller, which sets its own state.
    if (thread != 0) kerf_flush_denormals();
    region->body(region->context, thread, omp_get_num_threads());
    release(data);
}

void kerf_parallel(int threads, void (*body)(void *context, int thread, int threads), void *context) {
    if (threads <= 1 || omp_in_parallel()) {
        body(context, 0, 1);
        return;
    }
    struct region region = {body, context};
    release(&region);
    GOMP_parallel(run_region, &region, (unsigned)threads, 0);
    acquire(&region);
}

struct row_range {
    kerf_rows rows;
    const void *arguments;
    long count;
};

static void run_rows(void *context, int thread, int threads) {
    const struct row_range *range = context;
    const long begin = range->count * thread / threads;
    const long end = range->count * (thread + 1) / threads;
    if (begin < end) range->rows(range->arguments, begin, end);
}

void kerf_for_rows(int threads, long count, kerf_rows rows, const void *arguments) {
    struct row_range range = {rows, arguments, count};
    kerf_parallel(threads, run_rows, &range);
}
