"""What a network looks for: its filters, its maps, the pictures that excite it, and where it looked for a class.

All of it needs torch, and is asked of the interactive worker through `tl_core.questions`.
"""
