-- End a look at the inbox: the last answered updates forgotten, their chats woken, the lease freed. While updates wait it is due soon, else
-- after a while; what comes in makes it due at once, in a script as whole as this one, so nothing is overlooked between the two.
-- KEYS due due-since leases committed inbox order tries chats
-- ARGV job, fence, due in while some wait (ms), due in while none does (ms), how many are answered, their ids,
--      then for each chat to be woken: job, chat, token
-- Returns 1, or 0 when the lease was lost.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = redis.call('HGET', KEYS[3], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
local last = 5 + ARGV[5]
for i = 6, last do
  redis.call('HDEL', KEYS[5], ARGV[i])
  redis.call('ZREM', KEYS[6], ARGV[i])
  redis.call('HDEL', KEYS[7], ARGV[i])
end
for i = last + 1, #ARGV, 3 do
  -- As wake.lua does.
  if redis.call('HGET', KEYS[8], ARGV[i + 1]) ~= ARGV[i + 2] then
    redis.call('HSET', KEYS[8], ARGV[i + 1], ARGV[i + 2])
    redis.call('ZADD', KEYS[1], 'NX', now, ARGV[i])
    if redis.call('HEXISTS', KEYS[2], ARGV[i]) == 0 then redis.call('ZADD', KEYS[1], 'LT', now, ARGV[i]) end
  end
end
local is_empty = redis.call('EXISTS', KEYS[6]) == 0
redis.call('ZADD', KEYS[1], 'XX', now + (is_empty and ARGV[4] or ARGV[3]), ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('SET', KEYS[4], now)
return 1
