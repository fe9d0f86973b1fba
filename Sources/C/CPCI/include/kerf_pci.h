#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// libpci behind calls that always return.
///
/// libpci reports an error by a callback that must not return, and the usual one ends the process: a device that is
/// unplugged between two files is enough. Here the callback leaps back to the call's start, which then fails with a
/// message. What libpci had open at that moment (at most a file) stays open, and a callback has no access to the
/// caller's data, so the place to leap to is kept for each thread. Swift frames must not be leapt over and C's
/// variadic functions cannot be called from Swift, hence this target.
typedef struct kerf_pci kerf_pci;

#define KERF_PCI_MESSAGE_BYTES 256
#define KERF_PCI_NAME_BYTES 256

typedef struct {
    int domain, bus, device, function;
} kerf_pci_address;

typedef struct {
    kerf_pci_address address;
    uint16_t vendor_id, device_id;
    /// Base class in the high byte, subclass in the low one.
    uint16_t class_code;
    /// Whether the PCI Express capability with its link registers could be read.
    bool has_link;
    /// Link Capabilities and Link Status as they stand in configuration space.
    uint32_t link_capabilities;
    uint16_t link_status;
} kerf_pci_record;

/// Opens a bus at a copy of `/sys/bus/pci`, or a text dump made by `lspci -x`; exactly one of the two is not null.
/// `names` is a pci.ids file, or null for libpci's own. Returns null with a message on failure.
kerf_pci *kerf_pci_open(const char *sysfs, const char *dump, const char *names, char *message);

void kerf_pci_close(kerf_pci *bus);

/// Devices of a dump: writes at most `capacity` addresses and returns how many there are.
size_t kerf_pci_dump_addresses(kerf_pci *bus, kerf_pci_address *addresses, size_t capacity);

/// Reads one device. With `configuration` not null, its bytes stand for the device's files.
bool kerf_pci_read(
    kerf_pci *bus, kerf_pci_address address, const uint8_t *configuration, size_t count, kerf_pci_record *record,
    char *message);

typedef enum { KERF_PCI_VENDOR_NAME, KERF_PCI_DEVICE_NAME, KERF_PCI_CLASS_NAME } kerf_pci_name_kind;

/// The name in pci.ids, or null where it has none; never asks the network. `text` takes KERF_PCI_NAME_BYTES.
const char *kerf_pci_name(kerf_pci *bus, kerf_pci_name_kind kind, const kerf_pci_record *record, char *text);
