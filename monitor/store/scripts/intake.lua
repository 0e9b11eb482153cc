-- Take in updates, before their sender is told that they arrived. One that is known changes nothing, so a replay is a no-op. Who sends
-- too many is left out, and told so once in a while. Three lanes: owners, people with a role, all others; the first does not wait for
-- the rest. What became of a chat is never overtaken by what is asked there since. The job that answers is due now.
-- KEYS inbox order known state told people tokens due due-since leases pace-of-strangers, then for each update: pace of its person, of its chat
-- ARGV job of the lease that must be held ('' none), its fence, bot, job to wake, next offset ('' none),
--      forget after (ms), most known, most waiting, most waiting of strangers, window (ms), most of a person, of a stranger, of a chat,
--      of all strangers, told again after (ms), most told in a window, then for each update:
--      id, packed ('' asks for nothing), person ('' none), time (ms; 0: now), is in a group (0/1), can be told (0/1),
--      hash of the one-time token that it brings ('' none), tells what became of the chat (0/1)
-- Returns {taken, left out, known}, or nothing when the lease was lost.
local inbox, order, known, state, told, people, tokens, due, since, leases, strangers = unpack(KEYS, 1, 11)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if ARGV[1] ~= '' then
  local lease = redis.call('HGET', leases, ARGV[1])
  if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return false end
end
local window = tonumber(ARGV[10])
local LANE = 2 ^ 50

-- Another bot counts its updates anew, and its messages.
if redis.call('HGET', state, 'bot') ~= ARGV[3] then
  redis.call('DEL', known)
  redis.call('HDEL', state, 'next', 'at', 'newest')
  redis.call('HSET', state, 'bot', ARGV[3])
end

-- What was taken too long ago is known no more.
local function is_known(id)
  local at = redis.call('ZSCORE', known, id)
  return at and tonumber(at) > now - ARGV[6]
end

-- Tell whether there were as many as may be in the window before a time. Only so many are kept.
local function is_over(pace, most, at)
  return redis.call('ZCOUNT', pace, '(' .. string.format('%.0f', at - window), '+inf') >= tonumber(most)
end

local function admit(pace, most, at, id)
  redis.call('ZADD', pace, at, id)
  redis.call('ZREMRANGEBYRANK', pace, 0, -1 - most)
  redis.call('PEXPIRE', pace, 2 * window)
end

local function queue(id, packed, lane)
  local place = redis.call('HINCRBY', state, 'place', 1)
  redis.call('HSET', inbox, id, packed)
  redis.call('ZADD', order, lane * LANE + place, id)
end

local function is_full(lane)
  if lane == 0 then return false end
  if redis.call('ZCARD', order) >= tonumber(ARGV[8]) then return true end
  return lane == 2 and redis.call('ZCOUNT', order, 2 * LANE, '+inf') >= tonumber(ARGV[9])
end

local function tell(id, packed, person, lane)
  redis.call('ZREMRANGEBYSCORE', told, '-inf', now - ARGV[15])
  if redis.call('ZSCORE', told, person) then return end
  if redis.call('ZCOUNT', told, now - window, '+inf') >= tonumber(ARGV[16]) or is_full(lane) then return end
  redis.call('ZADD', told, now, person)
  redis.call('PEXPIRE', told, ARGV[15])
  queue(id, '!' .. packed, lane)
end

local counts = {0, 0, 0}
local function count(which) counts[which] = counts[which] + 1 end

local n = 0
for i = 17, #ARGV, 8 do
  local id, packed, person, at = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  local of_person, of_chat = KEYS[12 + 2 * n], KEYS[13 + 2 * n]
  n = n + 1
  if packed == '' then
    -- Nothing to answer; the offset alone moves on.
  elseif is_known(id) then
    count(3)
  else
    redis.call('ZADD', known, now, id)
    local role = person ~= '' and redis.call('HGET', people, person)
    -- Who was invited is no stranger, or a flood would keep the first owner out.
    local is_invited = ARGV[i + 6] ~= '' and redis.call('HEXISTS', tokens, ARGV[i + 6]) == 1
    local lane = role == 'owner' and 0 or (role or is_invited) and 1 or 2
    local most = role and ARGV[11] or ARGV[12]
    if at == 0 or at > now then at = now end
    if person ~= '' and is_over(of_person, most, at) then
      if ARGV[i + 5] == '1' then tell(id, packed, person, lane) end
      count(2)
    elseif is_full(lane) or (lane > 0 and ARGV[i + 4] == '1' and is_over(of_chat, ARGV[13], at))
        or (lane == 2 and is_over(strangers, ARGV[14], at)) then
      count(2)
    else
      if person ~= '' then admit(of_person, most, at, id) end
      if ARGV[i + 4] == '1' then admit(of_chat, ARGV[13], at, id) end
      if lane == 2 then admit(strangers, ARGV[14], at, id) end
      queue(id, '.' .. packed, ARGV[i + 7] == '1' and 0 or lane)
      count(1)
    end
  end
end
-- Only when something was new: a replay forgets nothing more.
if counts[1] + counts[2] > 0 then
  redis.call('ZREMRANGEBYSCORE', known, '-inf', now - ARGV[6])
  redis.call('ZREMRANGEBYRANK', known, 0, -1 - ARGV[7])
end
if ARGV[5] ~= '' and redis.call('HGET', state, 'next') ~= ARGV[5] then redis.call('HSET', state, 'next', ARGV[5], 'at', now) end
if redis.call('EXISTS', order) == 1 then
  redis.call('ZADD', due, 'NX', now, ARGV[4])
  -- Whose hint is under way is not hinted again: see wake.lua.
  if redis.call('HEXISTS', since, ARGV[4]) == 0 then redis.call('ZADD', due, 'LT', now, ARGV[4]) end
end
return counts
