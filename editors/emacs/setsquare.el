;;; setsquare.el --- Setsquare in Emacs, by eglot  -*- lexical-binding: t -*-

;; Emacs 29 carries eglot; before, install it from GNU ELPA or as Debian's elpa-eglot.
;; Load this file, or copy it into your own init file.

(with-eval-after-load 'eglot
  (dolist (mode '(terraform-mode yaml-mode yaml-ts-mode json-mode json-ts-mode))
    (add-to-list 'eglot-server-programs `(,mode . ("setsquare" "lsp")))))

(dolist (hook '(terraform-mode-hook yaml-mode-hook yaml-ts-mode-hook json-mode-hook json-ts-mode-hook))
  (add-hook hook #'eglot-ensure))

(provide 'setsquare)
;;; setsquare.el ends here
