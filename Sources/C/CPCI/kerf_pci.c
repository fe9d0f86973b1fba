#include "kerf_pci.h"

#include <pci/pci.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kerf_pci {
    struct pci_access *access;
};

/// Jump target for an error of libpci; set by each function before it calls libpci.
static _Thread_local struct {
    jmp_buf jump;
    char text[KERF_PCI_MESSAGE_BYTES];
} failure;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure.text, sizeof failure.text, format, arguments);
    va_end(arguments);
    longjmp(failure.jump, 1);
}

/// Warnings of libpci (a file it may not open) are visible in the result.
__attribute__((format(printf, 1, 2))) static void ignore(char *format, ...) { (void)format; }

static void copy_message(char *message, const char *text) { snprintf(message, KERF_PCI_MESSAGE_BYTES, "%s", text); }

kerf_pci *kerf_pci_open(const char *sysfs, const char *dump, const char *names, char *message) {
    kerf_pci *bus = calloc(1, sizeof *bus);
    if (!bus) {
        copy_message(message, "no memory");
        return NULL;
    }
    if (setjmp(failure.jump)) {
        copy_message(message, failure.text);
        kerf_pci_close(bus);
        return NULL;
    }
    struct pci_access *access = bus->access = pci_alloc();
    access->error = fail;
    access->warning = access->debug = ignore;
    // Use neither the cache of names in the home directory nor DNS.
    access->id_lookup_mode = 0;
    if (dump) {
        access->method = PCI_ACCESS_DUMP;
        pci_set_param(access, "dump.name", (char *)dump);
    } else {
        access->method = PCI_ACCESS_SYS_BUS_PCI;
        pci_set_param(access, "sysfs.path", (char *)sysfs);
    }
    if (names) {
        char *copy = strdup(names);
        if (copy) pci_set_name_list_path(access, copy, 1);
    }
    pci_init(access);
    return bus;
}

void kerf_pci_close(kerf_pci *bus) {
    if (!bus) return;
    if (bus->access && !setjmp(failure.jump)) pci_cleanup(bus->access);
    free(bus);
}

size_t kerf_pci_dump_addresses(kerf_pci *bus, kerf_pci_address *addresses, size_t capacity) {
    size_t count = 0;
    for (struct pci_dev *device = bus->access->devices; device; device = device->next, count++) {
        if (count < capacity) {
            addresses[count] = (kerf_pci_address){device->domain, device->bus, device->dev, device->func};
        }
    }
    return count;
}

/// Link registers of the PCI Express capability.
///
/// Source: PCI Express Base Specification, chapter 7.5.3. Parts integrated into the root complex have no link.
static void read_link(struct pci_dev *device, kerf_pci_record *record) {
    struct pci_cap *capability = pci_find_cap(device, PCI_CAP_ID_EXP, PCI_CAP_NORMAL);
    if (!capability) return;
    int at = (int)capability->addr;
    unsigned type = (pci_read_word(device, at + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
    if (type == PCI_EXP_TYPE_ROOT_INT_EP || type == PCI_EXP_TYPE_ROOT_EC) return;
    record->link_capabilities = pci_read_long(device, at + PCI_EXP_LNKCAP);
    record->link_status = pci_read_word(device, at + PCI_EXP_LNKSTA);
    // Registers that cannot be read are all ones.
    if (record->link_capabilities == UINT32_MAX || record->link_status == UINT16_MAX) return;
    record->has_link = true;
}

bool kerf_pci_read(
    kerf_pci *bus, kerf_pci_address address, const uint8_t *configuration, size_t count, kerf_pci_record *record,
    char *message) {
    struct pci_dev *volatile device = NULL;
    *record = (kerf_pci_record){.address = address};
    if (setjmp(failure.jump)) {
        copy_message(message, failure.text);
        if (device) pci_free_dev(device);
        return false;
    }
    device = pci_get_dev(bus->access, address.domain, address.bus, address.device, address.function);
    // Use the kernel's view of the ids, unless only the bytes are available.
    bus->access->buscentric = configuration != NULL;
    if (configuration) pci_setup_cache(device, (u8 *)configuration, (int)count);
    pci_fill_info(device, PCI_FILL_IDENT | PCI_FILL_CLASS | PCI_FILL_CAPS);
    record->vendor_id = device->vendor_id;
    record->device_id = device->device_id;
    record->class_code = device->device_class;
    read_link(device, record);
    pci_free_dev(device);
    return true;
}

const char *kerf_pci_name(kerf_pci *bus, kerf_pci_name_kind kind, const kerf_pci_record *record, char *text) {
    struct pci_access *access = bus->access;
    int flags = PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB;
    // A malformed pci.ids is an error in libpci; it means that there is no name.
    if (setjmp(failure.jump)) return NULL;
    switch (kind) {
    case KERF_PCI_VENDOR_NAME:
        return pci_lookup_name(access, text, KERF_PCI_NAME_BYTES, flags | PCI_LOOKUP_VENDOR, record->vendor_id);
    case KERF_PCI_DEVICE_NAME:
        return pci_lookup_name(
            access, text, KERF_PCI_NAME_BYTES, flags | PCI_LOOKUP_DEVICE, record->vendor_id, record->device_id);
    case KERF_PCI_CLASS_NAME:
        return pci_lookup_name(access, text, KERF_PCI_NAME_BYTES, flags | PCI_LOOKUP_CLASS, record->class_code);
    }
    return NULL;
}
