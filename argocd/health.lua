-- Health of a NeCoRun or a NeCoSweep for Argo CD, from its conditions: one script for both kinds.
local function progressing(message)
  return { status = "Progressing", message = message }
end

if obj.status == nil or obj.status.conditions == nil then
  return progressing("waiting for the operator to observe the object")
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end

local ready = conditions["Ready"]
if ready == nil then
  return progressing("waiting for the operator to observe the object")
end

local function is_true(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end

local text = ready.message
if text == nil or text == "" then
  text = ready.reason
end

-- Terminal conditions are sticky, even if the spec is edited afterwards.
if is_true("Failed") then
  return { status = "Degraded", message = text }
end
if is_true("Complete") then
  return { status = "Healthy", message = text }
end

local generation = obj.metadata ~= nil and obj.metadata.generation or nil
if generation ~= nil and (ready.observedGeneration or 0) < generation then
  return progressing("waiting for the operator to observe the newest spec")
end

if is_true("Stalled") then
  return { status = "Degraded", message = text }
end
if is_true("Reconciling") or not is_true("Accepted") then
  return progressing(text)
end
if is_true("Ready") then
  return { status = "Healthy", message = text }
end
return { status = "Suspended", message = text }
