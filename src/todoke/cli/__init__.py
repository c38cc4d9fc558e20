"""The command `todoke`: one file a command."""
