-- Count posts per whole hour: those that live, less the back-filled ones, plus those folded into roll-ups.
-- KEYS times backfilled rollups
-- ARGV first hour (hours since 1970), number of hours
local counts = {}
for hour = ARGV[1], ARGV[1] + ARGV[2] - 1 do
  local from, to = string.format('%.0f', hour * 3600000), string.format('(%.0f', (hour + 1) * 3600000)
  local live = redis.call('ZCOUNT', KEYS[1], from, to) - redis.call('ZCOUNT', KEYS[2], from, to)
  counts[#counts + 1] = live + tonumber(redis.call('HGET', KEYS[3], string.format('%.0f', hour)) or 0)
end
return counts
