/* A client of `kerf profile -- PROGRAM`, for C99 and C++: this header and nothing else.
 *
 * The program says what its step of training or inference consists of and then does what Kerf asks for: whole steps, with
 * or without marks at the borders of layers, and single passes over and over. docs/markers.md describes the protocol.
 *
 *     kerf_client kerf;
 *     if (kerf_open(&kerf) == 0) { train_one_step(); return 0; }       // without Kerf
 *     kerf_callbacks callbacks = {step, prepare, pass};
 *     kerf_serve(&kerf, hello_json, &callbacks, model);
 *
 * A step calls kerf_mark() where a pass begins, first of all at its own begin for the embedding's forward pass. It writes
 * nothing in a step that is not marked; where finding the borders takes time of its own, look at kerf.is_marked.
 *
 * Functions that can fail return -1 and leave one line in kerf.error. A program that fails before it serves says why with
 * kerf_fail() and kerf_answer_failed().
 * Not thread-safe: one thread serves and marks.
 */
#ifndef KERF_H
#define KERF_H

/* For C++'s and older C libraries' declarations; define it yourself before the first include. Swift's module of the C
 * library is without it, and a second view of the same headers would not agree with that one. */
#if !defined(_GNU_SOURCE) && !defined(__swift__)
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KERF_MARKERS_VERSION 1
#define KERF_STEP_BEGINS 4294967294u
#define KERF_STEP_ENDS 4294967295u

typedef struct kerf_client {
    int socket;
    uint8_t *memory; /* header of 64 bytes, then records of 16 bytes */
    size_t memory_bytes;
    uint64_t capacity;
    uint64_t dropped;      /* marks of the present command that found no room */
    uint64_t first_mark;   /* `written` when the command began */
    uint32_t step;         /* number of the step in the command */
    int is_marked;         /* whether kerf_mark() writes */
    pid_t owner;           /* the process that opened this */
    int is_forked;         /* a forked child writes nothing */
    char line[1024];       /* commands are short */
    size_t line_bytes;
    char error[256];
} kerf_client;

/* What Kerf may ask for. A callback returns 0, or -1 after it has put one line into kerf->error. */
typedef struct kerf_callbacks {
    /* Runs one whole step, with kerf_mark() at each border. */
    int (*step)(kerf_client *kerf, void *user);
    /* Makes a pass ready to be repeated. NULL where passes cannot be run alone: then `can` of hello must be empty. */
    int (*prepare)(kerf_client *kerf, void *user, uint32_t pass);
    /* Runs a prepared pass once. It changes no weights. */
    int (*pass)(kerf_client *kerf, void *user, uint32_t pass);
} kerf_callbacks;

/* ---- Times and marks ---- */

static inline int64_t kerf_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline uint64_t *kerf_word(const kerf_client *kerf, size_t offset) { return (uint64_t *)(void *)(kerf->memory + offset); }

/* Writes a record: what begins now. Nothing in a process that was forked meanwhile. */
static inline void kerf_write_mark(kerf_client *kerf, uint32_t what) {
    if (kerf->is_forked) return;
    uint64_t written = *kerf_word(kerf, 24);
    if (written - __atomic_load_n(kerf_word(kerf, 32), __ATOMIC_ACQUIRE) >= kerf->capacity) {
        kerf->dropped++;
        return;
    }
    uint8_t *record = kerf->memory + 64 + 16 * (written % kerf->capacity);
    int64_t now = kerf_nanoseconds();
    memcpy(record, &now, 8);
    memcpy(record + 8, &what, 4);
    memcpy(record + 12, &kerf->step, 4);
    __atomic_store_n(kerf_word(kerf, 24), written + 1, __ATOMIC_RELEASE);
}

/* Says that a pass of hello's list begins, by its place there. Nothing in a step that is not to be marked. */
static inline void kerf_mark(kerf_client *kerf, uint32_t pass) {
    if (kerf->is_marked) kerf_write_mark(kerf, pass);
}

/* ---- Messages ---- */

static inline int kerf_fail(kerf_client *kerf, const char *what) {
    snprintf(kerf->error, sizeof kerf->error, "%.255s", what);
    return -1;
}

static inline int kerf_send(kerf_client *kerf, const char *text, size_t bytes) {
    if (kerf->is_forked || getpid() != kerf->owner) return kerf_fail(kerf, "a forked child has nothing to say to Kerf");
    while (bytes > 0) {
        ssize_t count = send(kerf->socket, text, bytes, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno == EINTR) continue;
            return kerf_fail(kerf, "Kerf has gone");
        }
        text += count;
        bytes -= (size_t)count;
    }
    return 0;
}

/* Reads one line. Returns its length, 0 where Kerf has closed the connection, -1 for an error. */
static inline int kerf_receive(kerf_client *kerf, char *line, size_t room) {
    for (;;) {
        char *end = (char *)memchr(kerf->line, '\n', kerf->line_bytes);
        if (end) {
            size_t bytes = (size_t)(end - kerf->line);
            if (bytes + 1 > room) return kerf_fail(kerf, "Kerf sent a line that is too long");
            memcpy(line, kerf->line, bytes);
            line[bytes] = 0;
            kerf->line_bytes -= bytes + 1;
            memmove(kerf->line, end + 1, kerf->line_bytes);
            return (int)bytes;
        }
        if (kerf->line_bytes == sizeof kerf->line) return kerf_fail(kerf, "Kerf sent a line that is too long");
        ssize_t count = recv(kerf->socket, kerf->line + kerf->line_bytes, sizeof kerf->line - kerf->line_bytes, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != ECONNRESET) return kerf_fail(kerf, strerror(errno));
        if (count <= 0) return 0;
        kerf->line_bytes += (size_t)count;
    }
}

/* The number after a key of a message; `otherwise` without the key. */
static inline double kerf_number(const char *line, const char *key, double otherwise) {
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *found = strstr(line, quoted);
    if (!found) return otherwise;
    found += strlen(quoted);
    while (*found == ' ' || *found == ':') found++;
    if (!strncmp(found, "true", 4)) return 1;
    /* Not strtod(), which reads by the locale. Kerf writes 0.25 or 2.5e-05, never a sign in front. */
    double value = 0, unit = 1;
    for (; *found >= '0' && *found <= '9'; found++) value = 10 * value + (*found - '0');
    if (*found == '.') {
        for (found++; *found >= '0' && *found <= '9'; found++) value += (*found - '0') * (unit /= 10);
    }
    if (*found == 'e' || *found == 'E') {
        long exponent = strtol(found + 1, NULL, 10);
        for (; exponent > 0; exponent--) value *= 10;
        for (; exponent < 0; exponent++) value /= 10;
    }
    return value;
}

static inline int kerf_answer(kerf_client *kerf, long count) {
    char line[160];
    int bytes = snprintf(
        line, sizeof line, "{\"done\": {\"count\": %ld, \"marks\": %llu, \"dropped\": %llu}}\n", count,
        (unsigned long long)(*kerf_word(kerf, 24) - kerf->first_mark), (unsigned long long)kerf->dropped);
    return kerf_send(kerf, line, (size_t)bytes);
}

static inline int kerf_answer_failed(kerf_client *kerf) {
    char line[300];
    size_t bytes = (size_t)snprintf(line, sizeof line, "{\"failed\": \"");
    for (const char *c = kerf->error; *c && bytes < sizeof line - 8; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\') line[bytes++] = '\\';
        /* Printable ASCII only: a text that was cut off may end within a character. */
        line[bytes++] = byte < ' ' || byte > '~' ? (char)(byte < ' ' ? ' ' : '?') : (char)byte;
    }
    memcpy(line + bytes, "\"}\n", 3);
    return kerf_send(kerf, line, bytes + 3);
}

/* ---- The conversation ---- */

/* Finds Kerf. Returns 1, 0 where the program was not started by Kerf, and -1 with an error where it was and cannot be
 * reached. */
static inline int kerf_open(kerf_client *kerf) {
    memset(kerf, 0, sizeof *kerf);
    const char *variable = getenv("KERF_MARKERS");
    if (!variable) return 0;
    int version = 0, socket = -1, memory = -1;
    if (sscanf(variable, "%d:%d:%d", &version, &socket, &memory) != 3) {
        return kerf_fail(kerf, "KERF_MARKERS is not VERSION:SOCKET:MEMORY");
    }
    if (version != KERF_MARKERS_VERSION) {
        return kerf_fail(kerf, "this Kerf speaks another version of the marker protocol; use its own kerf.h");
    }
    unsetenv("KERF_MARKERS");
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    fcntl(memory, F_SETFD, FD_CLOEXEC);
    uint8_t *header = (uint8_t *)mmap(NULL, 64, PROT_READ, MAP_SHARED, memory, 0);
    if (header == MAP_FAILED) return kerf_fail(kerf, "the shared memory of KERF_MARKERS cannot be mapped");
    uint64_t capacity;
    uint32_t record;
    int is_known = !memcmp(header, "KERFMARK", 8);
    memcpy(&record, header + 12, 4);
    memcpy(&capacity, header + 16, 8);
    munmap(header, 64);
    if (!is_known || record != 16 || capacity == 0 || capacity > (1u << 28)) {
        return kerf_fail(kerf, "the shared memory of KERF_MARKERS is not Kerf's");
    }
    kerf->memory_bytes = 64 + 16 * (size_t)capacity;
    kerf->memory = (uint8_t *)mmap(NULL, kerf->memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (kerf->memory == MAP_FAILED) {
        kerf->memory = NULL;
        return kerf_fail(kerf, "the shared memory of KERF_MARKERS cannot be mapped");
    }
    kerf->capacity = capacity;
    kerf->socket = socket;
    kerf->owner = getpid();
    return 1;
}

static inline void kerf_close(kerf_client *kerf) {
    if (kerf->memory) munmap(kerf->memory, kerf->memory_bytes);
    if (kerf->memory && kerf->socket >= 0) close(kerf->socket);
    kerf->memory = NULL;
}

/* Whether this is a child that was forked in the work and has come back from it. */
static inline int kerf_came_back_forked(kerf_client *kerf) {
    if (getpid() != kerf->owner) kerf->is_forked = 1;
    return kerf->is_forked;
}

/* The work of one command between its two marks, with how often it was done in *count. */
static inline int kerf_work(
    kerf_client *kerf, const kerf_callbacks *callbacks, void *user, const char *line, long *count) {
    double seconds = kerf_number(line, "seconds", 0);
    uint32_t pass = (uint32_t)kerf_number(line, "pass", 0);
    int64_t end = kerf_nanoseconds() + (int64_t)(seconds * 1e9);
    *count = 0;
    if (strstr(line, "\"steps\"")) {
        double most = kerf_number(line, "at_most", 1);
        int is_marked = kerf_number(line, "marked", 0) != 0;
        do {
            kerf->step = (uint32_t)*count;
            kerf_write_mark(kerf, KERF_STEP_BEGINS);
            kerf->is_marked = is_marked;
            int result = callbacks->step(kerf, user);
            if (kerf_came_back_forked(kerf)) return 0;
            kerf->is_marked = 0;
            kerf_write_mark(kerf, KERF_STEP_ENDS);
            if (result != 0) return -1;
            ++*count;
        } while ((double)*count < most && kerf_nanoseconds() < end);
        return 0;
    }
    if (strstr(line, "\"prepare\"")) {
        return callbacks->prepare ? callbacks->prepare(kerf, user, pass) : kerf_fail(kerf, "no pass can be run alone");
    }
    if (strstr(line, "\"repeat\"")) {
        if (!callbacks->pass) return kerf_fail(kerf, "no pass can be run alone");
        kerf_write_mark(kerf, KERF_STEP_BEGINS);
        do {
            if (callbacks->pass(kerf, user, pass) != 0) return -1;
            if (kerf_came_back_forked(kerf)) return 0;
            ++*count;
        } while (kerf_nanoseconds() < end);
        kerf_write_mark(kerf, KERF_STEP_ENDS);
        return 0;
    }
    if (strstr(line, "\"marks\"")) {
        long wanted = (long)kerf_number(line, "count", 1);
        kerf_write_mark(kerf, KERF_STEP_BEGINS);
        for (; *count < wanted; ++*count) kerf_write_mark(kerf, 0);
        kerf_write_mark(kerf, KERF_STEP_ENDS);
        return 0;
    }
    return kerf_fail(kerf, "unknown command; use the kerf.h of this Kerf");
}

/* Says hello and does what Kerf asks for until it says stop or has gone.
 *
 * hello is the value of the message of that name: a JSON object, see docs/markers.md.
 * Returns 0 then, and -1 with an error where Kerf refused or the work failed. */
static inline int kerf_serve(kerf_client *kerf, const char *hello, const kerf_callbacks *callbacks, void *user) {
    char line[4096];
    int bytes = -1, result = -1;
    if (!kerf_send(kerf, "{\"hello\": ", 10) && !kerf_send(kerf, hello, strlen(hello)) && !kerf_send(kerf, "}\n", 2)) {
        bytes = kerf_receive(kerf, line, sizeof line);
    }
    if (bytes >= 0 && (bytes == 0 || !strstr(line, "\"welcome\""))) kerf_fail(kerf, bytes ? line : "Kerf has gone");
    else if (bytes > 0) result = 0;
    while (result == 0 && (bytes = kerf_receive(kerf, line, sizeof line)) > 0) {
        if (strstr(line, "\"stop\"")) break;
        long count = 0;
        kerf->step = 0;
        kerf->dropped = 0;
        kerf->first_mark = *kerf_word(kerf, 24);
        result = kerf_work(kerf, callbacks, user, line, &count);
        if (kerf_came_back_forked(kerf)) break;
        if (result == 0) result = kerf_answer(kerf, count);
        else kerf_answer_failed(kerf);
    }
    kerf_close(kerf);
    return bytes < 0 ? -1 : result;
}

#ifdef __cplusplus
}
#endif
#endif
