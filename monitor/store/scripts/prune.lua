-- Remove posts and every trace of them in the indexes, folding each into the roll-up of its hour. A post already gone counts no
-- second time, so a replay is a no-op. An index entry whose post is not there goes too, or pruning would meet it for ever.
-- KEYS posts times backfilled engagement rollups
-- ARGV for each post: key, time (ms; '' when there is no such post), backfilled (0/1)
-- Returns how many were removed.
local posts, times, backfilled, engagement, rollups = unpack(KEYS)
local removed, i = 0, 1
while i <= #ARGV do
  local key, time = ARGV[i], tonumber(ARGV[i + 1])
  if not time then
    if redis.call('HEXISTS', posts, key) == 0 then
      redis.call('ZREM', times, key)
      redis.call('ZREM', backfilled, key)
      redis.call('HDEL', engagement, key)
    end
  elseif redis.call('HDEL', posts, key) == 1 then
    removed = removed + 1
    redis.call('ZREM', times, key)
    redis.call('ZREM', backfilled, key)
    redis.call('HDEL', engagement, key)
    if ARGV[i + 2] ~= '1' then redis.call('HINCRBY', rollups, math.floor(time / 3600000), 1) end
  end
  i = i + 3
end
return removed
