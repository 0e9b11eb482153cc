-- Give a post another body, from exactly what the caller read; its place in the counts stays, its terms are indexed anew.
-- KEYS posts terms
-- ARGV key, body before, body after, time (ms), n, old term × n, m, new term × m
-- Returns 1, or 0 when somebody else was faster, or it was done before.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] or ARGV[2] == ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
local function entry(term) return term .. '\0' .. string.format('%015d', ARGV[4]) .. '\0' .. ARGV[1] end
local n = tonumber(ARGV[5])
for i = 6, 5 + n do redis.call('ZREM', KEYS[2], entry(ARGV[i])) end
for i = 7 + n, 6 + n + ARGV[6 + n] do redis.call('ZADD', KEYS[2], 0, entry(ARGV[i])) end
return 1
