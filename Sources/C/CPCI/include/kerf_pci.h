#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// libpci with functions that always return.
///
/// libpci reports an error by a callback that must not return, and the default one ends the process, for example when a
/// device is unplugged between two reads. Here the callback jumps back to the function's start, which then fails with a
/// message. A file that libpci had open stays open. A callback cannot access its caller's data, so the jump buffer is
/// thread-local. Swift frames must not be jumped over, and C's variadic functions cannot be called from Swift, hence this
/// target.
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
    /// The registers Link Capabilities and Link Status.
    uint32_t link_capabilities;
    uint16_t link_status;
} kerf_pci_record;

/// Opens a bus at a copy of `/sys/bus/pci`, or a text dump made by `lspci -x`; exactly one of the two is not null.
/// `names` is a pci.ids file, or null for libpci's own. Returns null with a message on failure.
kerf_pci *kerf_pci_open(const char *sysfs, const char *dump, const char *names, char *message);

void kerf_pci_close(kerf_pci *bus);

/// Devices of a dump: writes at most `capacity` addresses and returns the number of devices.
size_t kerf_pci_dump_addresses(kerf_pci *bus, kerf_pci_address *addresses, size_t capacity);

/// Reads one device. If `configuration` is not null, its bytes are used instead of the device's files.
bool kerf_pci_read(
    kerf_pci *bus, kerf_pci_address address, const uint8_t *configuration, size_t count, kerf_pci_record *record,
    char *message);

typedef enum { KERF_PCI_VENDOR_NAME, KERF_PCI_DEVICE_NAME, KERF_PCI_CLASS_NAME } kerf_pci_name_kind;

/// The name in pci.ids, or null without one; never uses the network. `text` has KERF_PCI_NAME_BYTES.
const char *kerf_pci_name(kerf_pci *bus, kerf_pci_name_kind kind, const kerf_pci_record *record, char *text);
