-- Note that posts of a source were looked at, and which of them it shows no more, each since when it said so first. A replay finds all
-- of it noted.
-- KEYS looked missing
-- ARGV now (ms), oldest look kept (ms), time to live (ms), n, looked post × n, missing post …
-- Returns how many looks were noted.
local now, n, changed = ARGV[1], tonumber(ARGV[4]), 0
local is_missing = {}
for i = 5 + n, #ARGV do is_missing[ARGV[i]] = true end
for _, key in ipairs(KEYS) do redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. ARGV[2]) end
for i = 5, 4 + n do
  changed = changed + redis.call('ZADD', KEYS[1], 'GT', 'CH', now, ARGV[i])
  if is_missing[ARGV[i]] then redis.call('ZADD', KEYS[2], 'NX', now, ARGV[i]) else redis.call('ZREM', KEYS[2], ARGV[i]) end
end
if changed > 0 then
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[3]) end
end
return changed
