-- Forget something that the sender of a chat has dealt with: an extra copy, or a late look.
-- KEYS sender, set of what is to be dealt with, ids
-- ARGV job, fence, member, id of the extra copy ('': a late look), most ids kept
-- The id is ours from now on: a look for another message must not write over what stands there.
-- Returns 1, or 0 when the lease is another's.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[4])
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - ARGV[5])
end
redis.call('ZREM', KEYS[2], ARGV[3])
return 1
