-- End a look at the inbox: the last answered update forgotten, the lease freed. While updates wait it is due soon, else after a while;
-- what comes in makes it due at once, in a script as whole as this one, so nothing is overlooked between the two.
-- KEYS due due-since leases committed inbox order tries
-- ARGV job, fence, id that is answered ('' none), due in while some wait (ms), due in while none does (ms)
-- Returns 1, or 0 when the lease was lost.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = redis.call('HGET', KEYS[3], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' then
  redis.call('HDEL', KEYS[5], ARGV[3])
  redis.call('ZREM', KEYS[6], ARGV[3])
  redis.call('HDEL', KEYS[7], ARGV[3])
end
local is_empty = redis.call('EXISTS', KEYS[6]) == 0
redis.call('ZADD', KEYS[1], 'XX', now + (is_empty and ARGV[5] or ARGV[4]), ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('SET', KEYS[4], now)
return 1
