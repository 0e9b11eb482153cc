-- Replace bodies by ones without text, what was made of it, and author, and forget the engagement. Counts and indexes stay.
-- KEYS posts engagement
-- ARGV for each post: key, body
-- Returns how many were there.
local found = 0
for i = 1, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    found = found + 1
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    redis.call('HDEL', KEYS[2], ARGV[i])
  end
end
return found
