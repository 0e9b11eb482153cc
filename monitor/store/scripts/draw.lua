-- Take one request out of a bucket. The same attempt again takes nothing more: it was taken, or there is room only now.
-- KEYS bucket
-- ARGV name of the attempt, most requests, in a window of (ms), how long an attempt is known (ms)
-- Returns 0, or ms to wait.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local size, per, known_for = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local packed = redis.call('HMGET', KEYS[1], 'taken', 'slots', 'since', 'remaining', 'reset')

local taken = {}
for _, each in ipairs(packed[1] and cmsgpack.unpack(packed[1]) or {}) do
  if each[2] == ARGV[1] then return 0 end
  if each[1] > now - known_for then taken[#taken + 1] = each end
end

-- Requests are counted in a sixtieth of the window each, and such a slot counts until its last millisecond is out of the window: no
-- window of this length, wherever it begins, ever holds more than `size`.
local width = math.max(1, math.ceil(per / 60))
local since, remaining, reset = tonumber(packed[3] or 0), tonumber(packed[4] or 0), tonumber(packed[5] or 0)
local is_told = reset > now
-- Where the platform said when its window ends, ours begins anew with it.
if reset <= now then since = math.max(since, reset) end
local slots, count = {}, 0
for _, each in ipairs(packed[2] and cmsgpack.unpack(packed[2]) or {}) do
  if (each[1] + 1) * width > now - per and (each[1] + 1) * width > since then
    slots[#slots + 1] = each
    count = count + each[2]
  end
end

if is_told then
  if remaining <= 0 then return reset - now end
elseif count >= size then
  local freed = 0
  for _, each in ipairs(slots) do
    freed = freed + each[2]
    if count - freed < size then return (each[1] + 1) * width + per - now end
  end
  return per -- a bucket of no size
end

local last = slots[#slots]
if last and last[1] == math.floor(now / width) then last[2] = last[2] + 1 else slots[#slots + 1] = {math.floor(now / width), 1} end
taken[#taken + 1] = {now, ARGV[1]}
redis.call('HSET', KEYS[1], 'taken', cmsgpack.pack(taken), 'slots', cmsgpack.pack(slots), 'since', string.format('%.0f', since))
if is_told then
  redis.call('HSET', KEYS[1], 'remaining', string.format('%.0f', remaining - 1))
else
  redis.call('HDEL', KEYS[1], 'remaining', 'reset')
end
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(2 * per, known_for, reset - now + per)))
return 0
