-- Remember when forms of a topic were first seen: the earlier time wins, so that a replay changes nothing.
-- KEYS firsts
-- ARGV for each form: its name, time (ms), what else is known of it
-- Returns how many were new or earlier.
local changed, i = 0, 1
while i <= #ARGV do
  local known = redis.call('HGET', KEYS[1], ARGV[i])
  local time = known and tonumber(string.match(known, '^(-?%d+) '))
  if not time or tonumber(ARGV[i + 1]) < time then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[i + 2])
    changed = changed + 1
  end
  i = i + 3
end
return changed
