-- Let what was restored take the place of what is there, which goes aside for a while. All at once, and once: where the first of the
-- restored keys is gone, it was done before. The one script that touches all slots: a restore is for one server, not for a cluster.
-- KEYS restored × n, their living names × n, what is there × m, its names aside × m
-- ARGV n, m, time to live of what goes aside (ms)
-- Returns 1, or 0 when it was done before.
local n, m = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for i = 2 * n + 1, 2 * n + m do
  if redis.call('EXISTS', KEYS[i]) == 1 then
    redis.call('RENAME', KEYS[i], KEYS[i + m])
    redis.call('PEXPIRE', KEYS[i + m], ARGV[3])
  end
end
for i = 1, n do
  if redis.call('EXISTS', KEYS[i]) == 1 then redis.call('RENAME', KEYS[i], KEYS[i + n]) end
end
return 1
