// SPDX-License-Identifier: GPL-2.0
/*
 * kerf_i2c: an SMBus with monitoring chips, which the kernel's own lm75, ina2xx and ina3221 drivers bind.
 *
 *	0x48, 0x49	LM75, two chips with one name
 *	0x40		INA226, 10 mOhm at 12 V: the whole box
 *	0x41		INA3221, 10 mOhm at 12 V: channel 1 the whole box, channel 2 half of it, channel 3 nothing
 *
 * Registers and units are those of the datasheets (TI SBOS547, SBOS576, SNIS153).
 */
#include <linux/i2c.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include "kerf_hw.h"

enum { INA226 = 0x40, INA3221 = 0x41, LM75 = 0x48, LM75_SECOND = 0x49, ADDRESSES = 0x80 };

static int temperature_mc = 41500;
module_param(temperature_mc, int, 0644);
MODULE_PARM_DESC(temperature_mc, "what the first LM75 shows");

static int second_mc = 23500;
module_param(second_mc, int, 0644);
MODULE_PARM_DESC(second_mc, "what the second LM75 shows");

static int failing;
module_param(failing, int, 0644);
MODULE_PARM_DESC(failing, "every transfer fails with this errno");

static int failing_transfers;
module_param(failing_transfers, int, 0644);
MODULE_PARM_DESC(failing_transfers, "so many of the next transfers of the INA226 fail with EIO");

static int odd = -1;
module_param(odd, int, 0644);
MODULE_PARM_DESC(odd, "what the INA226's power register shows; below 0: the truth");

static unsigned int transfer_us;
module_param(transfer_us, uint, 0644);
MODULE_PARM_DESC(transfer_us, "how long the processor is busy with a transfer, as with a bus that its driver polls");

static u16 written[ADDRESSES][256];

static u16 value_of(u16 address, u8 number)
{
	u32 uw = kerf_mean_uw(), ma = uw / 12 / 1000;

	switch (address << 8 | number) {
	case INA226 << 8 | 0x01:	/* shunt voltage, 2.5 uV */
		return ma * 10 * 10 / 25;
	case INA226 << 8 | 0x02:	/* bus voltage, 1.25 mV */
		return 12000 * 4 / 5;
	case INA226 << 8 | 0x03:	/* power, 6.25 mW with the driver's calibration */
		return odd >= 0 ? odd : DIV_ROUND_CLOSEST(uw, 6250);
	case INA226 << 8 | 0x04:	/* current, 250 uA */
		return ma * 4;
	case INA3221 << 8 | 0x01:	/* shunt voltages, 40 uV, from bit 3 on */
		return DIV_ROUND_CLOSEST(ma * 10, 40) << 3;
	case INA3221 << 8 | 0x03:
		return DIV_ROUND_CLOSEST(ma * 10, 80) << 3;
	case INA3221 << 8 | 0x05:
		return 0;
	case INA3221 << 8 | 0x02:	/* bus voltages, 8 mV, from bit 3 on */
	case INA3221 << 8 | 0x04:
	case INA3221 << 8 | 0x06:
		return (12000 / 8) << 3;
	case INA3221 << 8 | 0x0f:	/* a conversion is ready */
		return written[address][number] | 1;
	case LM75 << 8:			/* 0.5 degrees, from bit 7 on */
		return (u16)((s16)(temperature_mc / 500) << 7);
	case LM75_SECOND << 8:
		return (u16)((s16)(second_mc / 500) << 7);
	}
	return written[address][number];
}

static s32 transfer(struct i2c_adapter *adapter, u16 address, unsigned short flags, char direction, u8 number, int size,
		    union i2c_smbus_data *data)
{
	bool reads = direction == I2C_SMBUS_READ;
	u64 end = ktime_get_ns() + (u64)transfer_us * NSEC_PER_USEC;

	if (address != INA226 && address != INA3221 && address != LM75 && address != LM75_SECOND)
		return -ENXIO;
	if (failing)
		return -failing;
	if (address == INA226 && failing_transfers > 0) {
		failing_transfers--;
		return -EIO;
	}
	while (transfer_us && ktime_get_ns() < end)
		cpu_relax();
	switch (size) {
	case I2C_SMBUS_QUICK:
		return 0;
	case I2C_SMBUS_BYTE:
		if (reads)
			data->byte = 0;
		return 0;
	case I2C_SMBUS_BYTE_DATA:
		if (reads)
			data->byte = value_of(address, number) >> 8;
		else
			written[address][number] = data->byte << 8;
		return 0;
	case I2C_SMBUS_WORD_DATA:	/* the chips send the high byte first */
		if (reads)
			data->word = swab16(value_of(address, number));
		else
			written[address][number] = swab16(data->word);
		return 0;
	}
	return -EOPNOTSUPP;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_SMBUS_QUICK | I2C_FUNC_SMBUS_BYTE | I2C_FUNC_SMBUS_BYTE_DATA | I2C_FUNC_SMBUS_WORD_DATA;
}

static const struct i2c_algorithm algorithm = { .smbus_xfer = transfer, .functionality = functionality };

static struct i2c_adapter adapter = { .owner = THIS_MODULE, .algo = &algorithm, .name = "SMBus of Kerf's bench" };

static const struct i2c_board_info chips[] = {
	{ I2C_BOARD_INFO("lm75", LM75) },
	{ I2C_BOARD_INFO("lm75", LM75_SECOND) },
	{ I2C_BOARD_INFO("ina226", INA226) },
	{ I2C_BOARD_INFO("ina3221", INA3221) },
};

static struct i2c_client *clients[ARRAY_SIZE(chips)];

static int __init kerf_i2c_init(void)
{
	int index, error;

	/* Configurations after reset, and the identifications that drivers ask for. */
	written[INA226][0x00] = 0x4127;
	written[INA226][0xfe] = 0x5449;
	written[INA226][0xff] = 0x2260;
	written[INA3221][0x00] = 0x7127;
	written[INA3221][0xfe] = 0x5449;
	written[INA3221][0xff] = 0x3220;
	written[LM75][2] = written[LM75_SECOND][2] = 75 << 8;
	written[LM75][3] = written[LM75_SECOND][3] = 80 << 8;
	error = i2c_add_adapter(&adapter);
	if (error)
		return error;
	for (index = 0; index < ARRAY_SIZE(chips); index++)
		clients[index] = i2c_new_client_device(&adapter, &chips[index]);
	return 0;
}

static void __exit kerf_i2c_exit(void)
{
	int index;

	for (index = 0; index < ARRAY_SIZE(chips); index++)
		if (!IS_ERR(clients[index]))
			i2c_unregister_device(clients[index]);
	i2c_del_adapter(&adapter);
}

module_init(kerf_i2c_init);
module_exit(kerf_i2c_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kerf's bench: monitoring chips on an SMBus");
