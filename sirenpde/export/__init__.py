"""Files for viewers: functions on the same axes, sampled on a carrier, in a format of the register."""
