-- Apply what an update asks of a chat, and put the answer into its outbox: once, all or nothing. Whoever comes second with the same update
-- changes nothing, so the answer of the first stands.
-- KEYS applied subscriptions away refused outbox parcels queue handed ids address episode wishes
-- ARGV update, most updates kept, chat, id of the chat that the update came from, id of its message ('' none), most ids kept,
--      id of the answer ('' none), its record, its parcel, who is refused ('' nobody), how long a refusal is remembered (ms), most
--      refusals remembered, who is told of a refusal (each: everybody once | chat: the chat once | always), how long updates are
--      remembered (ms), when the update was made (ms; 0 unknown), then for each change:
--      subscribe | unsubscribe | leave | return | wish, topic, packed subscription or wishes
-- Returns {1, or 0 when it was applied before; 1 when it was answered; 1 when somebody was refused for the first time in a while;
--      with which the chat ceased to take messages ('' it takes them)}
local applied, subscriptions, away, refused, outbox, parcels, queue, handed, ids, address, episode, wishes = unpack(KEYS)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local update, answer = ARGV[1], ARGV[7]
local function ended() return redis.call('GET', episode) or '' end
if redis.call('ZSCORE', applied, update) or redis.call('HEXISTS', outbox, answer) == 1 then return {0, 0, 0, ended()} end
redis.call('ZADD', applied, now, update)
redis.call('ZREMRANGEBYRANK', applied, 0, -1 - ARGV[2])
redis.call('PEXPIRE', applied, ARGV[14])

-- A message of somebody else is no message of ours, and ours will come after it: the probe begins there.
if ARGV[5] ~= '' and (redis.call('GET', address) or ARGV[3]) == ARGV[4] then
  redis.call('ZADD', ids, ARGV[5], ARGV[5])
  redis.call('ZREMRANGEBYRANK', ids, 0, -1 - ARGV[6])
end

-- Who hears what is said in a chat is in it, though nobody told us of our return.
local left_at = (redis.call('GET', away) or ''):match(' (%d+)$')
if left_at and ARGV[5] ~= '' and tonumber(left_at) < tonumber(ARGV[15]) then redis.call('DEL', away, episode) end

local first = 0
if ARGV[10] ~= '' then
  redis.call('ZREMRANGEBYSCORE', refused, '-inf', now - ARGV[11])
  local known, others = redis.call('ZSCORE', refused, ARGV[10]), redis.call('ZCARD', refused) > 0
  if not known and redis.call('ZCARD', refused) < tonumber(ARGV[12]) then
    first = 1
    redis.call('ZADD', refused, now, ARGV[10])
    redis.call('PEXPIRE', refused, ARGV[11])
  end
  if ARGV[13] ~= 'always' and (first == 0 or (ARGV[13] == 'chat' and others)) then answer = '' end
end

for i = 16, #ARGV, 3 do
  if ARGV[i] == 'subscribe' then
    redis.call('HSET', subscriptions, ARGV[i + 1], ARGV[i + 2])
  elseif ARGV[i] == 'unsubscribe' then
    redis.call('HDEL', subscriptions, ARGV[i + 1])
    redis.call('HDEL', wishes, ARGV[i + 1])
  elseif ARGV[i] == 'wish' then
    redis.call('HSET', wishes, ARGV[i + 1], ARGV[i + 2])
  elseif ARGV[i] == 'leave' then
    redis.call('SET', away, update .. ' ' .. ARGV[15], 'NX')
    redis.call('SETNX', episode, 'left ' .. update)
  elseif ARGV[i] == 'return' then
    redis.call('DEL', away, episode)
  end
end

if answer == '' then return {1, 0, first, ended()} end
local last = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')[2]
redis.call('HSET', outbox, answer, ARGV[8])
redis.call('HSET', parcels, answer, ARGV[9])
redis.call('ZADD', queue, math.max(now, last and last + 1 or 0), answer)
redis.call('ZADD', handed, now, answer)
return {1, 1, first, ended()}
