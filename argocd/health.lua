-- What a NeCoRun or a NeCoSweep is to Argo CD: one script for both kinds, read from their conditions.
local function waiting(message)
  return { status = "Progressing", message = message }
end

if obj.status == nil or obj.status.conditions == nil then
  return waiting("the operator has not looked at it yet")
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end

local ready = conditions["Ready"]
if ready == nil then
  return waiting("the operator has not looked at it yet")
end

local function holds(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end

local text = ready.message
if text == nil or text == "" then
  text = ready.reason
end

-- What has ended never changes again, whatever becomes of the spec.
if holds("Failed") then
  return { status = "Degraded", message = text }
end
if holds("Complete") then
  return { status = "Healthy", message = text }
end

local generation = obj.metadata ~= nil and obj.metadata.generation or nil
if generation ~= nil and (ready.observedGeneration or 0) < generation then
  return waiting("the operator has not looked at the newest spec yet")
end

if holds("Stalled") then
  return { status = "Degraded", message = text }
end
if holds("Reconciling") or not holds("Accepted") then
  return waiting(text)
end
if holds("Ready") then
  return { status = "Healthy", message = text }
end
return { status = "Suspended", message = text }
