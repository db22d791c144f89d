"""The verdicts for people and programs: on the terminal, and as JSON, Markdown, JUnit, Gradescope and a workbook."""
