-- Opens FILE, waits for the finding RULE, applies its quick fix, saves, waits until the finding is gone.
-- Prints what it saw, one `key=value` a line; any other end than `done=true` is a failure.
local file, rule = os.getenv("FILE"), os.getenv("RULE")

local function say(key, value) io.stdout:write(key .. "=" .. tostring(value) .. "\n") end

local function ensure(what, condition)
  if not vim.wait(20000, condition, 20) then
    say("missing", what)
    vim.cmd("cquit 1")
  end
end

if os.getenv("WAY") == "push" then
  -- It merges what is set here into its own capabilities: only null takes one away.
  vim.lsp.config("setsquare", { capabilities = { textDocument = { diagnostic = vim.NIL } } })
end

vim.cmd.edit(file)
local buffer = vim.api.nvim_get_current_buf()
say("filetype", vim.bo[buffer].filetype)

local function finding()
  for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
    if diagnostic.code == rule then return diagnostic end
  end
end

ensure("finding", finding)
local found = finding()
say("marked", vim.api.nvim_buf_get_text(buffer, found.lnum, found.col, found.end_lnum, found.end_col, {})[1])
say("severity", vim.diagnostic.severity[found.severity])

vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
vim.ui.select = function(items, _, choose) choose(items[1], 1) end
vim.lsp.buf.code_action({
  apply = true,
  filter = function(action)
    local diagnostic = (action.diagnostics or {})[1]
    return action.kind == "quickfix" and action.isPreferred and diagnostic ~= nil and diagnostic.code == rule
  end,
})
ensure("edit", function() return vim.bo[buffer].modified end)
vim.cmd("silent write")
ensure("end of the finding", function() return finding() == nil end)

for _, client in ipairs(vim.lsp.get_clients({ name = "setsquare" })) do
  say("encoding", client.offset_encoding)
  say("way", client.server_capabilities.diagnosticProvider and "pull" or "push")
  client:stop()
end
say("done", true)
vim.cmd("qall!")
