-- Replace a record, from exactly what the caller knew. A replay finds it replaced.
-- KEYS hash of records
-- ARGV name, record before ('': none), record after ('': none)
-- Returns 1, or 0 when somebody else was faster.
local record = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if record == ARGV[3] then return 1 end
if record ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1
