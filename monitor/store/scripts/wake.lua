-- Let a chat's outbox be looked at now. The token says what for: the same one again wakes nobody.
-- KEYS due chats
-- ARGV job, chat, token
-- Returns 1, or 0 when it was woken for this before.
if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[3] then return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('ZADD', KEYS[1], 'NX', now, ARGV[1])
redis.call('ZADD', KEYS[1], 'LT', now, ARGV[1])
return 1
