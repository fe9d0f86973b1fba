// SPDX-License-Identifier: GPL-2.0
/*
 * kerf_cpufreq: a driver below the kernel's own cpufreq core, with the steps of kerf_power.
 *
 * An emulated processor has no clock that could be slowed. With slow=1 a timer on each CPU takes the share 1 - f/fmax
 * of its busy time away by spinning in the interrupt, so that work takes fmax/f times as long; idle CPUs are left alone.
 */
#include <linux/cpu.h>
#include <linux/cpufreq.h>
#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "kerf_hw.h"

static bool slow;
module_param(slow, bool, 0444);
MODULE_PARM_DESC(slow, "slow CPUs down in proportion to their frequency");

static unsigned int slice_us = 2000;
module_param(slice_us, uint, 0444);
MODULE_PARM_DESC(slice_us, "period of slowing down");

static struct cpufreq_frequency_table table[KERF_STEPS + 1];
static DEFINE_PER_CPU(struct hrtimer, slices);
static int hotplug_state;

static int policy_init(struct cpufreq_policy *policy)
{
	policy->freq_table = table;
	policy->cpuinfo.transition_latency = 20000;
	policy->cur = kerf_cpu_khz(policy->cpu);
	return 0;
}

static int target_index(struct cpufreq_policy *policy, unsigned int index)
{
	kerf_set_step(policy->cpus, index);
	return 0;
}

static struct freq_attr *attributes[] = { &cpufreq_freq_attr_scaling_available_freqs, NULL };

static struct cpufreq_driver driver = {
	.name = "kerf-bench",
	.init = policy_init,
	.verify = cpufreq_generic_frequency_table_verify,
	.target_index = target_index,
	.get = kerf_cpu_khz,
	.attr = attributes,
};

static enum hrtimer_restart slice(struct hrtimer *timer)
{
	u64 period = (u64)slice_us * NSEC_PER_USEC;

	if (!is_idle_task(current)) {
		u64 work = div_u64(period * kerf_cpu_khz(smp_processor_id()), table[KERF_STEPS - 1].frequency);
		u64 end = ktime_get_ns() + period - work;

		while (ktime_get_ns() < end)
			cpu_relax();
	}
	hrtimer_forward_now(timer, ns_to_ktime(period));
	return HRTIMER_RESTART;
}

/* By hotplug callbacks, so that a CPU that comes back on line has its timer again. */
static int slow_down(unsigned int cpu)
{
	struct hrtimer *timer = this_cpu_ptr(&slices);

	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = slice;
	hrtimer_start(timer, ns_to_ktime((u64)slice_us * NSEC_PER_USEC), HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static int let_go(unsigned int cpu)
{
	hrtimer_cancel(per_cpu_ptr(&slices, cpu));
	return 0;
}

static int __init kerf_cpufreq_init(void)
{
	int step, error;

	for (step = 0; step < KERF_STEPS; step++)
		table[step].frequency = kerf_step_khz(step);
	table[KERF_STEPS].frequency = CPUFREQ_TABLE_END;
	error = cpufreq_register_driver(&driver);
	if (error || !slow)
		return error;
	hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kerf_cpufreq:slow", slow_down, let_go);
	if (hotplug_state < 0)
		cpufreq_unregister_driver(&driver);
	return min(hotplug_state, 0);
}

static void __exit kerf_cpufreq_exit(void)
{
	if (slow)
		cpuhp_remove_state(hotplug_state);
	cpufreq_unregister_driver(&driver);
}

module_init(kerf_cpufreq_init);
module_exit(kerf_cpufreq_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kerf's bench: cpufreq driver of an emulated processor");
