// SPDX-License-Identifier: GPL-2.0
/*
 * kerf_msr: model-specific registers for the kernel's own, unmodified drivers.
 *
 * intel_rapl_msr, the rapl PMU and coretemp read registers through native_read_msr and native_read_msr_safe. Probes
 * there answer for the registers below and let all others pass. The numbers and layouts are those of Intel's Software
 * Developer's Manual, volume 4 (RAPL) and volume 3, 15.8 (thermal status).
 */
#include <linux/cpu.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/topology.h>
#include <asm/cpufeature.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include "kerf_hw.h"

static int temperature_mc = 62000;
module_param(temperature_mc, int, 0644);
MODULE_PARM_DESC(temperature_mc, "temperature of all cores and packages");

static int maximum_c = 100;
module_param(maximum_c, int, 0444);
MODULE_PARM_DESC(maximum_c, "temperature at which the processor throttles");

static unsigned int limit_w = 65;
module_param(limit_w, uint, 0444);
MODULE_PARM_DESC(limit_w, "thermal design power and long-term limit");

/* Not exact where several CPUs read at once, which does not matter here. */
static int failing_reads;
module_param(failing_reads, int, 0644);
MODULE_PARM_DESC(failing_reads, "so many of the next reads of a package's energy fail with EIO; below 0: all of any energy");

static u64 power_limit;	/* writable, as the zones' enabled and power_limit_uw are bits of it */
static int hotplug_state;

static bool is_energy(u32 number)
{
	return number == MSR_PKG_ENERGY_STATUS || number == MSR_DRAM_ENERGY_STATUS || number == MSR_PP0_ENERGY_STATUS ||
	       number == MSR_PP1_ENERGY_STATUS || number == MSR_PLATFORM_ENERGY_STATUS;
}

static bool answer(u32 number, u64 *value)
{
	int package = topology_physical_package_id(raw_smp_processor_id());

	switch (number) {
	case MSR_RAPL_POWER_UNIT:	/* 1/8 W, energy, 977 us */
		*value = 0x3 | kerf_energy_unit() << 8 | 0xa << 16;
		return true;
	case MSR_PKG_POWER_LIMIT:
		*value = power_limit;
		return true;
	case MSR_PKG_POWER_INFO:
		*value = limit_w << 3;
		return true;
	case MSR_PKG_ENERGY_STATUS:
		*value = kerf_counter(package, KERF_PACKAGE);
		return true;
	case MSR_PP0_ENERGY_STATUS:
		*value = kerf_counter(package, KERF_CORE);
		return true;
	case MSR_PP1_ENERGY_STATUS:
		*value = kerf_counter(package, KERF_UNCORE);
		return true;
	case MSR_DRAM_ENERGY_STATUS:
		*value = kerf_counter(package, KERF_DRAM);
		return true;
	case MSR_PLATFORM_ENERGY_STATUS:
		*value = kerf_counter(0, KERF_PSYS);
		return true;
	case MSR_IA32_TEMPERATURE_TARGET:
		*value = maximum_c << 16;
		return true;
	case MSR_IA32_THERM_STATUS:
	case MSR_IA32_PACKAGE_THERM_STATUS:	/* valid, degrees below the maximum */
		*value = BIT(31) | (u64)clamp(maximum_c - temperature_mc / 1000, 0, 127) << 16;
		return true;
	}
	return false;
}

static noinline u64 read_msr(unsigned int number)
{
	u64 value = 0;

	answer(number, &value);
	return value;
}

static noinline u64 read_msr_safe(unsigned int number, int *error)
{
	*error = 0;
	/* The package's, since a part of it that fails costs no window. */
	if (failing_reads < 0 ? is_energy(number) : failing_reads > 0 && number == MSR_PKG_ENERGY_STATUS) {
		if (failing_reads > 0)
			failing_reads--;
		*error = -EIO;
		return 0;
	}
	return read_msr(number);
}

static noinline int write_msr_safe(unsigned int number, u32 low, u32 high)
{
	power_limit = (u64)high << 32 | low;
	return 0;
}

/* Nonzero: the probed function is not run, ours is, with the same arguments and return address. */
static int on_read(struct kprobe *probe, struct pt_regs *registers)
{
	u64 value;

	if (!answer(registers->di, &value))
		return 0;
	registers->ip = (unsigned long)read_msr;
	return 1;
}

static int on_read_safe(struct kprobe *probe, struct pt_regs *registers)
{
	u64 value;

	if (!answer(registers->di, &value))
		return 0;
	registers->ip = (unsigned long)read_msr_safe;
	return 1;
}

static int on_write_safe(struct kprobe *probe, struct pt_regs *registers)
{
	if ((u32)registers->di != MSR_PKG_POWER_LIMIT)
		return 0;
	registers->ip = (unsigned long)write_msr_safe;
	return 1;
}

static struct kprobe probe_read = { .symbol_name = "native_read_msr", .pre_handler = on_read };
static struct kprobe probe_read_safe = { .symbol_name = "native_read_msr_safe", .pre_handler = on_read_safe };
static struct kprobe probe_write_safe = { .symbol_name = "native_write_msr_safe", .pre_handler = on_write_safe };
static struct kprobe *probes[] = { &probe_read, &probe_read_safe, &probe_write_safe };

/* coretemp asks for these features, which an emulated processor lacks. Every time a CPU comes on line they are lost. */
static int add_features(unsigned int cpu)
{
	set_cpu_cap(&boot_cpu_data, X86_FEATURE_DTHERM);
	set_cpu_cap(&boot_cpu_data, X86_FEATURE_PTS);
	set_cpu_cap(&cpu_data(cpu), X86_FEATURE_DTHERM);
	set_cpu_cap(&cpu_data(cpu), X86_FEATURE_PTS);
	return 0;
}

static int __init kerf_msr_init(void)
{
	int error;

	/* Both limits enabled: long_term limit_w for 28 s, short_term 1.25 times that. */
	power_limit = (0xdd8000ULL | limit_w << 3) | (u64)(0x8000 | (limit_w * 10)) << 32;
	error = register_kprobes(probes, ARRAY_SIZE(probes));
	if (error)
		return error;
	hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kerf_msr:features", add_features, NULL);
	if (hotplug_state < 0)
		unregister_kprobes(probes, ARRAY_SIZE(probes));
	return min(hotplug_state, 0);
}

static void __exit kerf_msr_exit(void)
{
	cpuhp_remove_state(hotplug_state);
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}

module_init(kerf_msr_init);
module_exit(kerf_msr_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kerf's bench: registers of RAPL and temperature of an emulated processor");
