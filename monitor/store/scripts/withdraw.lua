-- Replace bodies by ones without text and author, forget the engagement, and what the text had in common with others. Counts
-- and the other indexes stay.
-- KEYS posts copies engagement
-- ARGV for each post: key, body, group that it had
-- Returns how many were there.
local found = 0
for i = 1, #ARGV, 3 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    found = found + 1
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    redis.call('ZREM', KEYS[2], ARGV[i + 2] .. ' ' .. ARGV[i])
    redis.call('HDEL', KEYS[3], ARGV[i])
  end
end
return found
