"""Pure decisions of notices: when to try again, when to keep quiet, when to gather; how requests are signed."""
