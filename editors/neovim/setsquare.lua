-- Setsquare in Neovim 0.11 or later. As it is, a complete configuration for a first look:
--   nvim -u editors/neovim/setsquare.lua main.tf
-- Otherwise copy the two calls into your own init.lua.

-- Only under -u: in your own configuration the defaults of Neovim and yours hold.
vim.cmd("filetype plugin indent on")
vim.cmd("syntax enable")
vim.diagnostic.config({ virtual_text = true, severity_sort = true })

vim.lsp.config("setsquare", {
  cmd = { "setsquare", "lsp" },
  filetypes = { "terraform", "terraform-vars", "yaml", "yaml.cloudformation", "json" },
  root_markers = { "setsquare.yaml", ".git" },
})
vim.lsp.enable("setsquare")
