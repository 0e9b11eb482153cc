-- Count a look at a query before its work, so that one which ends its process is known by the next. The same fence again is the same
-- look; an older one counts nothing.
-- KEYS query
-- ARGV fence, time to live of the query (ms)
-- Returns which look in a row this is that did not come to its end (1: the last one did), whether an item of the page is known to be
-- deadly (0/1), and where the look begins: cursor, moved to, since, failures.
local fence, tries = (redis.call('HGET', KEYS[1], 'attempt') or '0 0'):match('^(%d+) (%d+)$')
if tonumber(ARGV[1]) > tonumber(fence) then
  tries = tries + 1
  redis.call('HSET', KEYS[1], 'attempt', ARGV[1] .. ' ' .. string.format('%.0f', tries))
  if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return {
  tonumber(tries), redis.call('HEXISTS', KEYS[1], 'wary'),
  redis.call('HMGET', KEYS[1], 'cursor', 'moved', 'since', 'failures', 'tempo'),
}
