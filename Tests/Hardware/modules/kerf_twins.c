// SPDX-License-Identifier: GPL-2.0
/*
 * kerf_twins: two monitoring chips on no bus, which therefore have one name.
 */
#include <linux/err.h>
#include <linux/hwmon.h>
#include <linux/hwmon-sysfs.h>
#include <linux/module.h>

static int first_mc = 31000;
module_param(first_mc, int, 0644);
MODULE_PARM_DESC(first_mc, "what the first chip shows");

static int second_mc = 52000;
module_param(second_mc, int, 0644);
MODULE_PARM_DESC(second_mc, "what the second chip shows");

static struct device *chips[2];

static ssize_t temp1_input_show(struct device *device, struct device_attribute *attribute, char *buffer)
{
	return sysfs_emit(buffer, "%d\n", *(int *)dev_get_drvdata(device));
}
static DEVICE_ATTR_RO(temp1_input);

static struct attribute *twin_attrs[] = { &dev_attr_temp1_input.attr, NULL };
ATTRIBUTE_GROUPS(twin);

static int __init kerf_twins_init(void)
{
	chips[0] = hwmon_device_register_with_groups(NULL, "kerf_twin", &first_mc, twin_groups);
	if (IS_ERR(chips[0]))
		return PTR_ERR(chips[0]);
	chips[1] = hwmon_device_register_with_groups(NULL, "kerf_twin", &second_mc, twin_groups);
	if (IS_ERR(chips[1])) {
		hwmon_device_unregister(chips[0]);
		return PTR_ERR(chips[1]);
	}
	return 0;
}

static void __exit kerf_twins_exit(void)
{
	hwmon_device_unregister(chips[1]);
	hwmon_device_unregister(chips[0]);
}

module_init(kerf_twins_init);
module_exit(kerf_twins_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kerf's bench: two chips of one name");
