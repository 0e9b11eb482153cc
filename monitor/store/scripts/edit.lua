-- Give a post another body, from exactly what the caller read; its place in the counts stays.
-- KEYS posts
-- ARGV key, body before, body after
-- Returns 1, or 0 when somebody else was faster, or it was done before.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] or ARGV[2] == ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
