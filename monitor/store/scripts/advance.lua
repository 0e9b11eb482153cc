-- Say that the stored data has its next version now, for the one process that brought it there.
-- KEYS schema leases
-- ARGV job, fence, version before
-- Returns 1, or 0 when the lease is another's or the version is not that one any more.
local lease = redis.call('HGET', KEYS[2], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
if redis.call('GET', KEYS[1]) ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', ARGV[3] + 1))
return 1
