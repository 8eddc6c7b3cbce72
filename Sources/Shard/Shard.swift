// Shard
