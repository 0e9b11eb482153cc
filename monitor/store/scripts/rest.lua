-- End a look at a chat's outbox: next due time, lease freed, for the holder of the newest fence. A chat that was woken for something new
-- since the look began is due at once, or that would wait for the next look.
-- KEYS due due-since leases committed chats
-- ARGV job, fence, due in (ms), chat, token in force when the look began
-- Returns 1, or 0 when the lease was lost.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = redis.call('HGET', KEYS[3], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
local woken = (redis.call('HGET', KEYS[5], ARGV[4]) or '') ~= ARGV[5]
redis.call('ZADD', KEYS[1], 'XX', woken and now or now + ARGV[3], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('SET', KEYS[4], now)
return 1
