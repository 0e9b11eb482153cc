-- Forget something that the sender of a chat has dealt with: an extra copy, or a late look.
-- KEYS sender, set of what is to be dealt with
-- ARGV job, fence, member
-- Returns 1, or 0 when the lease is another's.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[2], ARGV[3])
return 1
