/**
 * One step of the generic cell rate algorithm inside Redis or Valkey, so that all instances count as one. The clock is
 * the store's own: instances whose clocks differ agree. A key lives as long as its number matters.
 *
 * Keys: the client's. Arguments: interval, tolerance (both in milliseconds), cost.
 * Answer: whether it is allowed (1 or 0), time until the whole burst is back, wait until the same request would be
 * allowed; both in milliseconds, as text, because a number would be cut to an integer.
 */
export const GCRA_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local interval = tonumber(ARGV[1])
local tolerance = tonumber(ARGV[2])
local cost = tonumber(ARGV[3])
local ahead = math.max(0, tonumber(redis.call('GET', KEYS[1]) or '0') - now)
-- A clock that was set back must not lock a client out for longer than a whole burst.
ahead = math.min(ahead, tolerance)
local after = ahead + cost * interval
if after - tolerance > 0.001 then
  return {0, tostring(ahead), tostring(after - tolerance)}
end
if cost > 0 then
  redis.call('SET', KEYS[1], string.format('%.3f', now + after), 'PX', math.ceil(after) + 1)
end
return {1, tostring(after), '0'}
`;
