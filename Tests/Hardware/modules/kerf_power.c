// SPDX-License-Identifier: GPL-2.0
/*
 * kerf_power: the ground truth. Power is a stated function of what the kernel itself accounts as busy time, so the
 * energy of any window can be computed exactly:
 *
 *	core    = sum over the package's CPUs: busy_uw[frequency step] * share of time that is busy
 *	package = core + uncore_uw + idle_uw
 *	dram    = dram_idle_uw + dram_busy_uw * mean share of time that its CPUs are busy
 *	psys    = psys_uw + package + dram, summed over the packages
 *
 * Counters are updated by a timer, every period_us, and show the energy of that moment: like RAPL's, they are stale
 * between updates. All parameters that can be written act at once.
 */
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/kernel_stat.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/tick.h>
#include <linux/topology.h>
#include "kerf_hw.h"

static unsigned int khz[KERF_STEPS] = { 800000, 1200000, 1600000, 2000000, 2400000, 2800000, 3000000 };
module_param_array(khz, uint, NULL, 0444);
MODULE_PARM_DESC(khz, "frequency steps, ascending");

/* 15 W (f / 3 GHz)^3. A table and not a formula, so that any law can be set. */
static unsigned int busy_uw[KERF_STEPS] = { 284444, 960000, 2275556, 4444444, 7680000, 12195556, 15000000 };
module_param_array(busy_uw, uint, NULL, 0644);
MODULE_PARM_DESC(busy_uw, "power of one busy CPU at each step");

#define PARAMETER(name, value, mode, text)		\
	static unsigned int name = value;		\
	module_param(name, uint, mode);			\
	MODULE_PARM_DESC(name, text)

PARAMETER(idle_uw, 5000000, 0644, "power of an idle package, without its uncore");
PARAMETER(uncore_uw, 1000000, 0644, "power of a package's uncore");
PARAMETER(dram_idle_uw, 1000000, 0644, "power of a package's memory");
PARAMETER(dram_busy_uw, 2000000, 0644, "what the memory draws more while all CPUs are busy");
PARAMETER(psys_uw, 8000000, 0644, "what the platform draws besides");
PARAMETER(packages, 1, 0444, "packages with counters of their own");
PARAMETER(period_us, 1000, 0644, "update interval of the counters");
PARAMETER(jitter_us, 0, 0644, "largest deviation of an update interval");
PARAMETER(average_ms, 16, 0644, "averaging window of power sensors");
PARAMETER(unit, 14, 0444, "energy unit: 2^-unit J");
PARAMETER(mask, 0xffffffff, 0444, "bits of a counter; it wraps beyond");
PARAMETER(preload, 1, 0644, "value that counters start from");
PARAMETER(stopped, 0, 0644, "bit package * 5 + domain: this counter stands still, the truth goes on");
PARAMETER(restart, 0, 0644, "write 1: counters start again from preload");

static DEFINE_RAW_SPINLOCK(lock);
static u64 energy_pj[KERF_PACKAGES][KERF_DOMAINS];
static u64 base_pj[KERF_PACKAGES][KERF_DOMAINS];
static u32 shown[KERF_PACKAGES][KERF_DOMAINS];
static u64 integrated_ns, averaged_ns, averaged_pj;
static u64 idle_us[NR_CPUS];
static unsigned int step_of[NR_CPUS];
static u32 mean_uw;
static struct hrtimer timer;
static struct rnd_state random;

/* Idle time with waiting for I/O, as /proc/stat has it. */
static u64 cpu_idle_us(int cpu)
{
	u64 now, idle = get_cpu_idle_time_us(cpu, &now), waiting = get_cpu_iowait_time_us(cpu, &now);

	if (idle == -1ULL)	/* the kernel's tick never stops: accounted by ticks */
		return div_u64(kcpustat_cpu(cpu).cpustat[CPUTIME_IDLE] + kcpustat_cpu(cpu).cpustat[CPUTIME_IOWAIT],
			       NSEC_PER_USEC);
	return idle + (waiting == -1ULL ? 0 : waiting);
}

static int package_of(int cpu)
{
	int package = topology_physical_package_id(cpu);

	return package >= 0 && package < packages ? package : 0;
}

/* Advances the truth to now. 1 uW for 1000 ns is 1 pJ. */
static void integrate(u64 now)
{
	u64 dt = now - integrated_ns, core[KERF_PACKAGES] = { 0 }, busy_ns[KERF_PACKAGES] = { 0 };
	int cpu, k, cpus[KERF_PACKAGES] = { 0 };

	lockdep_assert_held(&lock);
	for_each_online_cpu(cpu) {
		u64 idle = cpu_idle_us(cpu), busy;
		s64 idle_ns = (s64)(idle - idle_us[cpu]) * NSEC_PER_USEC;

		/* A CPU that comes back on line may have an idle time that starts anew. */
		idle_ns = max_t(s64, idle_ns, 0);
		idle_us[cpu] = idle;
		busy = idle_ns >= dt ? 0 : dt - idle_ns;
		k = package_of(cpu);
		cpus[k]++;
		busy_ns[k] += busy;
		core[k] += div_u64((u64)busy_uw[step_of[cpu]] * busy, 1000);
	}
	for (k = 0; k < packages; k++) {
		u64 package = core[k] + div_u64(((u64)idle_uw + uncore_uw) * dt, 1000);
		u64 dram = div_u64((u64)dram_idle_uw * dt + (u64)dram_busy_uw * div_u64(busy_ns[k], max(cpus[k], 1)),
				   1000);

		energy_pj[k][KERF_PACKAGE] += package;
		energy_pj[k][KERF_CORE] += core[k];
		energy_pj[k][KERF_UNCORE] += div_u64((u64)uncore_uw * dt, 1000);
		energy_pj[k][KERF_DRAM] += dram;
		energy_pj[0][KERF_PSYS] += package + dram;
	}
	energy_pj[0][KERF_PSYS] += div_u64((u64)psys_uw * dt, 1000);
	integrated_ns = now;
}

static u64 total_pj(void)
{
	u64 sum = 0;
	int k;

	for (k = 0; k < packages; k++)
		sum += energy_pj[k][KERF_PACKAGE] + energy_pj[k][KERF_DRAM];
	return sum;
}

static void update_counters(void)
{
	int k, domain;

	if (restart) {
		restart = 0;
		memcpy(base_pj, energy_pj, sizeof(base_pj));
	}
	for (k = 0; k < packages; k++)
		for (domain = 0; domain < KERF_DOMAINS; domain++) {
			u64 pj = energy_pj[k][domain] - base_pj[k][domain];

			if (stopped & BIT(k * KERF_DOMAINS + domain))
				continue;
			shown[k][domain] = (u32)(mul_u64_u64_div_u64(pj, 1ULL << unit, 1000000000000ULL) + preload) & mask;
		}
}

static enum hrtimer_restart update(struct hrtimer *t)
{
	u64 now, interval = (u64)period_us * NSEC_PER_USEC;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	now = ktime_get_ns();
	integrate(now);
	update_counters();
	if (now - averaged_ns >= (u64)average_ms * NSEC_PER_MSEC) {
		mean_uw = div64_u64((total_pj() - averaged_pj) * 1000, now - averaged_ns);
		averaged_ns = now;
		averaged_pj = total_pj();
	}
	if (jitter_us)
		interval += ((s64)(prandom_u32_state(&random) % (2 * jitter_us + 1)) - (s64)jitter_us) * NSEC_PER_USEC;
	raw_spin_unlock_irqrestore(&lock, flags);
	hrtimer_forward_now(t, ns_to_ktime(interval));
	return HRTIMER_RESTART;
}

u32 kerf_counter(int package, enum kerf_domain domain)
{
	return package < 0 || package >= packages ? 0 : READ_ONCE(shown[package][domain]);
}
EXPORT_SYMBOL_GPL(kerf_counter);

u32 kerf_counter_mask(void)
{
	return mask;
}
EXPORT_SYMBOL_GPL(kerf_counter_mask);

unsigned int kerf_energy_unit(void)
{
	return unit;
}
EXPORT_SYMBOL_GPL(kerf_energy_unit);

u32 kerf_mean_uw(void)
{
	return READ_ONCE(mean_uw);
}
EXPORT_SYMBOL_GPL(kerf_mean_uw);

unsigned int kerf_step_khz(unsigned int step)
{
	return khz[step];
}
EXPORT_SYMBOL_GPL(kerf_step_khz);

unsigned int kerf_cpu_khz(unsigned int cpu)
{
	return khz[READ_ONCE(step_of[cpu])];
}
EXPORT_SYMBOL_GPL(kerf_cpu_khz);

/* What was drawn until now was drawn at the old frequency. */
void kerf_set_step(const struct cpumask *cpus, unsigned int step)
{
	unsigned long flags;
	int cpu;

	raw_spin_lock_irqsave(&lock, flags);
	integrate(ktime_get_ns());
	for_each_cpu(cpu, cpus)
		WRITE_ONCE(step_of[cpu], step);
	raw_spin_unlock_irqrestore(&lock, flags);
}
EXPORT_SYMBOL_GPL(kerf_set_step);

/* JSON in one line: nanojoules since the module was loaded, by the names that Kerf gives the domains. */
static int truth_get(char *buffer, const struct kernel_param *parameter)
{
	static const char * const suffix[] = { "", "/core", "/uncore", "/dram" };
	unsigned long flags;
	int k, domain, length;

	raw_spin_lock_irqsave(&lock, flags);
	integrate(ktime_get_ns());
	length = sprintf(buffer, "{\"ns\":%llu,\"total\":%llu,\"psys\":%llu", integrated_ns, total_pj() / 1000,
			 energy_pj[0][KERF_PSYS] / 1000);
	for (k = 0; k < packages; k++)
		for (domain = KERF_PACKAGE; domain <= KERF_DRAM; domain++)
			length += sprintf(buffer + length, ",\"package-%d%s\":%llu", k, suffix[domain],
					  energy_pj[k][domain] / 1000);
	raw_spin_unlock_irqrestore(&lock, flags);
	return length + sprintf(buffer + length, "}\n");
}

static const struct kernel_param_ops truth_ops = { .get = truth_get };
module_param_cb(truth, &truth_ops, NULL, 0444);
MODULE_PARM_DESC(truth, "exact energy of each domain");

static int __init kerf_power_init(void)
{
	int cpu;

	packages = clamp(packages, 1U, (unsigned int)KERF_PACKAGES);
	prandom_seed_state(&random, 1);
	for_each_possible_cpu(cpu) {
		step_of[cpu] = KERF_STEPS - 1;
		idle_us[cpu] = cpu_idle_us(cpu);
	}
	integrated_ns = averaged_ns = ktime_get_ns();
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer.function = update;
	hrtimer_start(&timer, ns_to_ktime((u64)period_us * NSEC_PER_USEC), HRTIMER_MODE_REL_HARD);
	return 0;
}

static void __exit kerf_power_exit(void)
{
	hrtimer_cancel(&timer);
}

module_init(kerf_power_init);
module_exit(kerf_power_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kerf's bench: power of a box as a known function of its busy time");
