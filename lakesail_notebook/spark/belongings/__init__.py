"""What a Spark session holds that is gone with it: seen, remembered, and made again in another one."""
