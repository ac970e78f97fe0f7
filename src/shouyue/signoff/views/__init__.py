"""Pages of sign-offs: lists, one with its chain, asking, deputies; parts of other pages; answers by link."""
