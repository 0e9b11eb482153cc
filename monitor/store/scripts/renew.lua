-- Prolong a lease that is still the newest, or free it with a time to live of 0.
-- KEYS leases
-- ARGV job, owner, fence, time to live (ms)
-- Returns 1, or 0 when the lease is another's.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[3] then return 0 end
if tonumber(ARGV[4]) == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s %s', now + ARGV[4], ARGV[3], ARGV[2]))
end
return 1
