// SPDX-License-Identifier: GPL-2.0
/*
 * kerf_powercap: zones named as intel_rapl names them, below the kernel's own powercap core.
 *
 * intel_rapl's counters always have 32 bits. These have as many as kerf_power's mask, so that a wrap comes every few
 * hundred milliseconds.
 */
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/powercap.h>
#include "kerf_hw.h"

struct kerf_zone {
	struct powercap_zone zone;
	enum kerf_domain domain;
	u64 limit_uw[2];
	u64 window_us[2];
};

static const char * const names[] = { "package-0", "core", "uncore", "dram", "psys" };
static struct kerf_zone zones[KERF_DOMAINS];
static struct powercap_control_type *control;

static struct kerf_zone *of(struct powercap_zone *zone)
{
	return container_of(zone, struct kerf_zone, zone);
}

/* intel_rapl truncates its unit to nanojoules first. */
static u64 microjoules(u32 counter)
{
	return div_u64((u64)counter * (1000000000U >> kerf_energy_unit()), 1000);
}

static int get_energy(struct powercap_zone *zone, u64 *value)
{
	*value = microjoules(kerf_counter(0, of(zone)->domain));
	return 0;
}

static int get_range(struct powercap_zone *zone, u64 *value)
{
	*value = microjoules(kerf_counter_mask());
	return 0;
}

static int release(struct powercap_zone *zone)
{
	return 0;
}

static int get_enable(struct powercap_zone *zone, bool *value)
{
	*value = true;
	return 0;
}

static int set_limit(struct powercap_zone *zone, int index, u64 value)
{
	of(zone)->limit_uw[index] = value;
	return 0;
}

static int get_limit(struct powercap_zone *zone, int index, u64 *value)
{
	*value = of(zone)->limit_uw[index];
	return 0;
}

static int set_window(struct powercap_zone *zone, int index, u64 value)
{
	of(zone)->window_us[index] = value;
	return 0;
}

static int get_window(struct powercap_zone *zone, int index, u64 *value)
{
	*value = of(zone)->window_us[index];
	return 0;
}

static const char *get_name(struct powercap_zone *zone, int index)
{
	return index ? "short_term" : "long_term";
}

static const struct powercap_zone_ops zone_ops = {
	.get_energy_uj = get_energy,
	.get_max_energy_range_uj = get_range,
	.release = release,
	.get_enable = get_enable,
};

static const struct powercap_zone_constraint_ops constraint_ops = {
	.set_power_limit_uw = set_limit,
	.get_power_limit_uw = get_limit,
	.set_time_window_us = set_window,
	.get_time_window_us = get_window,
	.get_name = get_name,
};

static void unregister(int count)
{
	while (--count >= 0)
		powercap_unregister_zone(control, &zones[count].zone);
	powercap_unregister_control_type(control);
}

static int __init kerf_powercap_init(void)
{
	int domain;

	control = powercap_register_control_type(NULL, "intel-rapl", NULL);
	if (IS_ERR(control))
		return PTR_ERR(control);
	for (domain = 0; domain < KERF_DOMAINS; domain++) {
		bool top = domain == KERF_PACKAGE || domain == KERF_PSYS;
		struct powercap_zone *zone;

		zones[domain] = (struct kerf_zone) {
			.domain = domain, .limit_uw = { 65000000, 81250000 }, .window_us = { 27983872, 2440 },
		};
		zone = powercap_register_zone(&zones[domain].zone, control, names[domain],
					      top ? NULL : &zones[KERF_PACKAGE].zone, &zone_ops, top ? 2 : 1,
					      &constraint_ops);
		if (IS_ERR(zone)) {
			unregister(domain);
			return PTR_ERR(zone);
		}
	}
	return 0;
}

static void __exit kerf_powercap_exit(void)
{
	unregister(KERF_DOMAINS);
}

module_init(kerf_powercap_init);
module_exit(kerf_powercap_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kerf's bench: powercap zones whose counters wrap as often as wanted");
