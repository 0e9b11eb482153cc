-- Replace a message that is kept, unless it is another one by now.
-- KEYS messages
-- ARGV id, message before, message after
-- Returns 1, or 0 when it is another one, or this one already.
if ARGV[2] == ARGV[3] or redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
