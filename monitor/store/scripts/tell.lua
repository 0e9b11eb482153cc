-- Move what is known to be told of a topic, from exactly what the caller knew. A replay finds it moved.
-- KEYS told
-- ARGV topic, record before ('': none), record after
-- Returns 1, or 0 when somebody else was faster.
local record = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if record == ARGV[3] then return 1 end
if record ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
