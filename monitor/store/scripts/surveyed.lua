-- Write how far the survey of a restored chat is, and make what it found known as ours, for the sender of the chat alone.
-- KEYS sender survey ids
-- ARGV job, fence, survey, most ids kept, id × n
-- Returns 1, or 0 when the lease is another's.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[2], ARGV[3], 'XX', 'KEEPTTL')
for i = 5, #ARGV do redis.call('ZADD', KEYS[3], ARGV[i], ARGV[i]) end
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - ARGV[4])
return 1
