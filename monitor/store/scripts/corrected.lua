-- Forget that a message is to be edited, for the sender of its chat alone, unless its words changed again meanwhile.
-- KEYS sender corrections
-- ARGV job, fence, message id, when its words changed (ms)
-- Returns 1, or 0 when the lease is another's.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
if tonumber(redis.call('ZSCORE', KEYS[2], ARGV[3]) or 0) == tonumber(ARGV[4]) then redis.call('ZREM', KEYS[2], ARGV[3]) end
return 1
