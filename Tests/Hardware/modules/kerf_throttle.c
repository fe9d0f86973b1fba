// SPDX-License-Identifier: GPL-2.0
/*
 * kerf_throttle: /sys/devices/system/cpu/cpuN/thermal_throttle with counts that can be set.
 *
 * The kernel makes this group at boot, on processors whose CPUID has ACPI and TM. QEMU does not emulate TM, so the
 * attributes are made here with the same names and texts (arch/x86: therm_throt.c).
 */
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/sysfs.h>

static unsigned int core;
module_param(core, uint, 0644);
MODULE_PARM_DESC(core, "throttle count of every core");

static unsigned int package;
module_param(package, uint, 0644);
MODULE_PARM_DESC(package, "throttle count of every package");

static int hotplug_state;

static ssize_t core_throttle_count_show(struct device *device, struct device_attribute *attribute, char *buffer)
{
	return sysfs_emit(buffer, "%u\n", core);
}
static DEVICE_ATTR_RO(core_throttle_count);

static ssize_t package_throttle_count_show(struct device *device, struct device_attribute *attribute, char *buffer)
{
	return sysfs_emit(buffer, "%u\n", package);
}
static DEVICE_ATTR_RO(package_throttle_count);

static struct attribute *attributes[] = {
	&dev_attr_core_throttle_count.attr,
	&dev_attr_package_throttle_count.attr,
	NULL
};

static const struct attribute_group group = { .name = "thermal_throttle", .attrs = attributes };

static int add(unsigned int cpu)
{
	return sysfs_create_group(&get_cpu_device(cpu)->kobj, &group);
}

static int take_away(unsigned int cpu)
{
	sysfs_remove_group(&get_cpu_device(cpu)->kobj, &group);
	return 0;
}

static int __init kerf_throttle_init(void)
{
	hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kerf_throttle", add, take_away);
	return min(hotplug_state, 0);
}

static void __exit kerf_throttle_exit(void)
{
	cpuhp_remove_state(hotplug_state);
}

module_init(kerf_throttle_init);
module_exit(kerf_throttle_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kerf's bench: throttle counts");
