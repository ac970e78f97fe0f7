"""Template tags: see `shouyue.web.templatetags.shouyue`."""
