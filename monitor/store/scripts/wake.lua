-- Let a chat's outbox be looked at now. The token says what for: the same one again wakes nobody. Whose hint is under way already is
-- not hinted again: in a rush the queue would be full of the same few jobs, and all others would wait behind them.
-- KEYS due due-since chats
-- ARGV job, chat, token
-- Returns 1, or 0 when it was woken for this before.
if redis.call('HGET', KEYS[3], ARGV[2]) == ARGV[3] then return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
redis.call('ZADD', KEYS[1], 'NX', now, ARGV[1])
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then redis.call('ZADD', KEYS[1], 'LT', now, ARGV[1]) end
return 1
