/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bench's modules share: kerf_power computes the energy of a box whose power is known, and the other modules
 * show it by the interfaces of real hardware.
 */
#ifndef KERF_HW_H
#define KERF_HW_H

#include <linux/cpumask.h>
#include <linux/types.h>

enum kerf_domain {
	KERF_PACKAGE,
	KERF_CORE,
	KERF_UNCORE,
	KERF_DRAM,
	KERF_PSYS,	/* of the box; shown by every package */
	KERF_DOMAINS
};

#define KERF_PACKAGES	4
#define KERF_STEPS	7

/* The counter as hardware shows it: of the last update, in units of 2^-kerf_energy_unit() J, and wrapping. */
u32 kerf_counter(int package, enum kerf_domain domain);
u32 kerf_counter_mask(void);
unsigned int kerf_energy_unit(void);

/* Mean of all packages and their memory over the last whole averaging window, as a power sensor shows it. */
u32 kerf_mean_uw(void);

unsigned int kerf_step_khz(unsigned int step);
unsigned int kerf_cpu_khz(unsigned int cpu);
void kerf_set_step(const struct cpumask *cpus, unsigned int step);

#endif
