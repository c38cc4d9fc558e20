"""The pages of todoke: their templates, styles and scripts, and what renders them."""
