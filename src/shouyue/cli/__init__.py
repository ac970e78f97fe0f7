"""The `shouyue` command.

One module a command, each with `register(commands)`; `main.COMMANDS` lists them. A command imports Django
only when it runs, so that help is instant and a broken configuration is told in one sentence.
"""
