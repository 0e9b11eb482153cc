-- Let a packed query join the plan, with what earlier queries knew of its alternatives. One that is in the plan keeps its place.
-- KEYS query packs
-- ARGV its name, time to live of the query (ms), cursor ('' none: nothing is known), since (ms), coverage and gaps (packed; '' no gaps)
-- Returns 1, or 0 when it was there.
if redis.call('ZSCORE', KEYS[2], ARGV[1]) == 'inf' then return 0 end
if ARGV[3] ~= '' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'cursor', ARGV[3], 'since', ARGV[4], 'coverage', ARGV[5])
  if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], 'gaps', ARGV[6]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
redis.call('ZADD', KEYS[2], '+inf', ARGV[1])
return 1
