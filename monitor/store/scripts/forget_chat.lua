-- Forget what was known of a chat of which nothing is kept and to which nobody sends now.
-- KEYS sender, ids sender-fence episode away wishes (forgotten), then those of which none may be there
-- ARGV nothing
-- Returns 1 when nothing is known any more, or 0.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if redis.call('EXISTS', unpack(KEYS, 7)) > 0 then return 0 end
local leases = redis.call('HVALS', KEYS[1])
for _, lease in ipairs(leases) do
  if tonumber(lease:match('^(%d+) ')) > now then return 0 end
end
redis.call('DEL', unpack(KEYS, 1, 6))
return 1
